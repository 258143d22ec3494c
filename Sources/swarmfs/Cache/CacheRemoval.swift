import PieceStorage
import TorrentCore

/// `swarmfs cache remove`.
enum CacheRemoval {
    /// Removes the torrents named; all of them must be there and free before the first goes.
    static func remove(_ arguments: CacheActionArguments) throws(Failure) {
        let inventory = try arguments.inventory()
        let all = try CacheListing.torrents(arguments)
        var chosen: [CachedTorrent] = []
        for text in arguments.torrents {
            let torrent = try CacheSelection.find(text, among: all)
            if chosen.contains(where: { $0.identity == torrent.identity }) { continue }
            chosen.append(torrent)
        }
        for torrent in chosen {
            guard let holder = torrent.holder else { continue }
            throw Failure(.inUse(torrent: torrent.identity.description, holder: holder))
        }
        for torrent in chosen {
            if !arguments.isDryRun {
                do throws(StorageError) {
                    try inventory.remove(torrent)
                } catch {
                    throw Failure(error)
                }
            }
            let size = ByteSize.describe(torrent.diskBytes)
            let verb = arguments.isDryRun ? "would remove" : "removed"
            StandardStreams.print("\(verb) \(Failure.printable(torrent.title)) (\(size))")
        }
    }
}
