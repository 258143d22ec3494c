import Glibc
import Metainfo
import PieceStorage
import TorrentCore

/// `swarmfs cache list` and `cache show`.
enum CacheListing {
    /// Every torrent of the cache.
    static func list(_ arguments: CacheActionArguments) throws(Failure) {
        let torrents = try Self.torrents(arguments)
        if arguments.isJSON {
            return JSONOutput.print(
                CacheReport(
                    directory: arguments.directory, torrents: torrents.map(CacheReport.Torrent.init)
                ))
        }
        guard !torrents.isEmpty else { return StandardStreams.print("The cache is empty.") }
        var table = TextTable(
            ["SIZE", "ON DISK", "CACHED", "LAST USE", "INFOHASH", "NAME"], left: [3, 4, 5])
        for torrent in torrents {
            table.add([
                ByteSize.describe(torrent.size), ByteSize.describe(torrent.diskBytes),
                StatusPage.percent(Int64(torrent.piecesCached), of: Int64(torrent.pieces)),
                use(of: torrent), String(torrent.identity.description.prefix(12)), torrent.title,
            ])
        }
        StandardStreams.write(table.text, to: STDOUT_FILENO)
    }

    /// One torrent, file by file.
    static func show(_ arguments: CacheActionArguments) throws(Failure) {
        let inventory = try arguments.inventory()
        let torrent = try CacheSelection.find(
            arguments.torrents[0], among: try torrents(arguments))
        let metainfo = try inventory.knownMetainfo(of: torrent)
        let detail: CacheDetail
        do throws(StorageError) {
            detail = CacheDetail(
                torrent, metainfo.info, cached: try inventory.cached(of: torrent),
                blocks: try inventory.blockBytes(of: torrent, metainfo.info),
                pins: try inventory.pins(of: torrent, metainfo.info.layout))
        } catch {
            throw Failure(error)
        }
        guard !arguments.isJSON else { return JSONOutput.print(detail) }
        StandardStreams.write(head(torrent, detail), to: STDOUT_FILENO)
        var table = TextTable(["SIZE", "CACHED", "PINNED", "PATH"], left: [2, 3])
        for file in detail.files {
            table.add([
                ByteSize.describe(file.size), StatusPage.percent(file.cachedBytes, of: file.size),
                file.isPinned ? "yes" : "-", file.path,
            ])
        }
        StandardStreams.write(table.text, to: STDOUT_FILENO)
    }

    /// The torrents of the cache, the last used first.
    static func torrents(_ arguments: CacheActionArguments) throws(Failure) -> [CachedTorrent] {
        let inventory = try arguments.inventory()
        do throws(StorageError) {
            return try inventory.torrents()
        } catch {
            throw Failure(error)
        }
    }

    private static func head(_ torrent: CachedTorrent, _ detail: CacheDetail) -> String {
        let lines = [
            ("name", torrent.title), ("infohash", torrent.identity.v1?.description),
            ("infohash v2", torrent.identity.v2?.description),
            ("size", ByteSize.describe(torrent.size)),
            ("cached", ByteSize.describe(detail.cachedBytes)),
            ("on disk", ByteSize.describe(torrent.diskBytes)),
            (
                "pieces",
                "\(torrent.piecesCached) of \(torrent.pieces), "
                    + "\(ByteSize.describe(torrent.pieceLength)) each"
            ),
            ("last use", use(of: torrent)),
        ]
        return lines.compactMap { name, value in
            value.map {
                name + String(repeating: " ", count: 13 - name.count) + Failure.printable($0) + "\n"
            }
        }.joined()
    }

    /// `now, process 4242 at /mnt/data`, or `2h05m ago`.
    private static func use(of torrent: CachedTorrent) -> String {
        guard let holder = torrent.holder else {
            let seconds = Int(max(0, Int64(time(nil)) - torrent.lastUse))
            return TimeSpan.describe(seconds: seconds) + " ago"
        }
        return "now, "
            + (holder.process.map { "process \($0)" } ?? "another process")
            + (holder.mountpoint.map { " at \($0)" } ?? "")
    }
}

extension CacheDetail {
    /// From what the catalogue vouches for.
    fileprivate init(
        _ torrent: CachedTorrent, _ info: InfoDictionary, cached: Bitfield,
        blocks: [FileIndex: Int64], pins: FileRuns
    ) {
        let layout = info.layout
        var files: [File] = []
        var total: Int64 = 0
        for file in layout.files
        where layout.attributes(of: file).isDisjoint(with: [.padding, .symlink]) {
            let bytes =
                PieceStore.cachedBytes(of: file, cached, layout, info.pieceLength)
                + (blocks[file] ?? 0)
            total += bytes
            let path = layout.path(of: file).map { String(decoding: $0, as: UTF8.self) }
            files.append(
                File(
                    path: path.joined(separator: "/"), size: layout.length(of: file),
                    cachedBytes: bytes, isPinned: pins.contains(file)))
        }
        self.init(torrent: CacheReport.Torrent(torrent), cachedBytes: total, files: files)
    }
}
