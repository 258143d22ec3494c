import ControlAPI
import Glibc
import PieceStorage
import Reactor
import TorrentCore

/// `swarmfs cache evict`.
enum CacheEviction {
    /// Evicts torrents, files of mounts, or what was least recently used.
    static func evict(_ arguments: CacheActionArguments) throws(Failure) {
        guard arguments.torrents.isEmpty != (arguments.size == nil) else {
            throw Failure(
                .usage, "cache evict needs a TORRENT, a PATH or --to SIZE, and one of them only",
                "run `swarmfs cache --help` for examples")
        }
        let client = TaskClient()
        if let size = arguments.size { return try shrink(to: size, arguments, client) }
        var sum = EvictionReport()
        var paths: [String] = []
        for text in arguments.torrents {
            if isPath(text) {
                paths.append(text)
            } else {
                sum += try evictTorrent(text, arguments, client)
            }
        }
        if !paths.isEmpty {
            for (mountpoint, paths) in try MountPaths(paths).groups {
                sum += try run(.evict(paths: paths), at: mountpoint, client)
            }
        }
        arguments.isJSON ? JSONOutput.print(sum) : StandardStreams.print(sum.text)
    }

    /// Names of torrents hold no slash.
    private static func isPath(_ text: String) -> Bool { text.contains("/") || text == "." }

    private static func evictTorrent(
        _ text: String, _ arguments: CacheActionArguments, _ client: TaskClient
    ) throws(Failure) -> EvictionReport {
        let inventory = try arguments.inventory()
        let torrent = try CacheSelection.find(text, among: try CacheListing.torrents(arguments))
        if let mountpoint = torrent.holder?.mountpoint {
            return try run(
                .evictTorrent(torrent.identity.description), at: mountpoint, client)
        }
        let store = try CacheStore(
            try inventory.knownMetainfo(of: torrent), arguments.directory)
        defer { store.close() }
        let result: EvictionResult
        do throws(StorageError) {
            result = try store.store.evict(isCancelled: { client.isInterrupted })
        } catch {
            throw Failure(error)
        }
        guard !client.isInterrupted else { throw TaskClient.interrupted }
        return EvictionReport(result)
    }

    private static func run(
        _ task: ControlTask, at mountpoint: String, _ client: TaskClient
    ) throws(Failure) -> EvictionReport {
        var bar = ProgressBar("evict")
        defer { bar.end() }
        let status = try client.run(task, at: mountpoint) { status in
            if status.total > 0 { bar.show(status.done, of: status.total) }
        }
        return status.eviction ?? EvictionReport()
    }

    // MARK: - By size

    private static func shrink(
        to size: Int64, _ arguments: CacheActionArguments, _ client: TaskClient
    ) throws(Failure) {
        let result = try shrunk(to: size, arguments.directory, client)
        guard !client.isInterrupted else { throw TaskClient.interrupted }
        let report = CacheShrinkReport(
            bytes: max(0, result.before - result.after), diskBytes: result.after)
        arguments.isJSON ? JSONOutput.print(report) : StandardStreams.print(report.text)
        guard result.after <= size else {
            throw Failure(
                .failure, "the rest is pinned or in use",
                "unpin it, or end the programs that have its files open")
        }
    }

    private static func shrunk(
        to size: Int64, _ directory: String, _ client: TaskClient
    ) throws(Failure) -> (before: Int64, after: Int64) {
        // An inventory makes nothing where there is no cache.
        guard access("\(directory)/catalogue.sqlite", F_OK) == 0 else { return (0, 0) }
        let pools: StoragePools
        do throws(SystemError) {
            pools = try StoragePools()
        } catch {
            throw Failure(.failure, error.description, "check the limits of this machine")
        }
        defer { pools.stop() }
        do throws(StorageError) {
            return try CacheDirectory(path: directory).shrink(to: size, pools: pools) {
                client.isInterrupted
            }
        } catch {
            throw Failure(error)
        }
    }
}
