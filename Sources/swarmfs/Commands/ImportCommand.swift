import Metainfo
import PieceStorage
import Reactor
import TorrentCore

/// `swarmfs import`: takes data that is on disk already into the cache.
enum ImportCommand: Command {
    static let definition = CommandDefinition(
        name: "import", summary: "Take data on disk into the cache.",
        synopsis: "import FILE --data PATH [options]",
        description: [
            """
            Hashes the data at PATH against the torrent FILE on all cores, and adopts every piece \
            that is right: mounts then read it without the network. PATH may be a finished or \
            broken-off download, or an older copy with files missing or changed; it is only read.
            """,
            """
            Where the filesystem can share blocks between files (Btrfs, XFS) nothing is copied and \
            no room is taken; the cache is safe from later changes to the data all the same. \
            Elsewhere the data is copied: hard links would not be safe.
            """,
            """
            --json prints infohash, name, pieces, pieces_present, pieces_adopted, bytes_adopted and \
            files_shared. Keys are only ever added.
            """,
        ],
        arguments: [.init(text: "FILE", meaning: "A .torrent file.")],
        options: [
            OptionDefinition(
                name: "data", value: "PATH", help: "The torrent's file, or its directory."),
            .cache, .json,
        ],
        examples: [
            .init(
                text: "swarmfs import imagenet.torrent --data /srv/imagenet",
                meaning: "adopt a finished download")
        ],
        exitCodes: [.done, .failure, .usage, .source, .cache])

    static func run(_ arguments: ParsedArguments) throws(Failure) {
        try expect(arguments, 1...1, "a torrent FILE")
        guard let data = arguments.last("data") else {
            throw Failure(
                .usage, "import needs --data PATH", "say where the torrent's file or directory is")
        }
        let cache = try CacheActionArguments(torrents: [], arguments)
        let metainfo = try TorrentFileReading.read(Places.absolute(arguments.positionals[0]))
        let client = TaskClient()
        let name = String(decoding: metainfo.info.name, as: UTF8.self)
        let bar = Locked(ProgressBar("import"))
        defer { bar.withLock { $0.end() } }
        let store = try CacheStore(metainfo, cache.directory)
        defer { store.close() }
        let result: ImportResult
        do throws(StorageError) {
            result = try store.store.importData(at: Places.absolute(data)) { done, total in
                bar.withLock { $0.show(done, of: total) }
            } isCancelled: {
                client.isInterrupted
            }
        } catch {
            throw Failure(error)
        }
        bar.withLock { $0.end() }
        guard store.close() else {
            throw Failure(.cache, "the cache does not take the data", "check the disk")
        }
        guard !client.isInterrupted else { throw TaskClient.interrupted }
        let report = ImportReport(
            infohash: metainfo.info.identity.description, name: name, result)
        if cache.isJSON {
            JSONOutput.print(report)
        } else {
            StandardStreams.print(report.text)
        }
        guard result.adopted + result.present > 0 || result.pieces == 0 else {
            throw Failure(
                .failure, "nothing at \(data) is data of \(name)",
                "give --data the file or directory that the torrent was made of")
        }
    }
}
