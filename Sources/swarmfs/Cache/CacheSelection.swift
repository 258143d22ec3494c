import PieceStorage
import TorrentCore

/// Finds torrents of a cache by what people call them.
enum CacheSelection {
    /// Fewer digits would name a torrent by accident.
    private static let leastDigits = 4

    /// The one torrent whose infohash (v1 or v2) or name is `text`, or whose infohash begins so.
    static func find(
        _ text: String, among torrents: [CachedTorrent]
    ) throws(Failure) -> CachedTorrent {
        let found = torrents.filter { isNamed($0, text) }
        let fitting = found.isEmpty ? torrents.filter { hasPrefix($0, text) } : found
        guard let torrent = fitting.first else {
            throw Failure(
                .failure, "the cache holds no torrent \(text)",
                "run `swarmfs cache list` to see what it holds")
        }
        guard fitting.count == 1 else {
            throw Failure(
                .failure, "\(text) names \(fitting.count) torrents",
                "give the infohash: "
                    + fitting.prefix(4).map(\.identity.description).joined(separator: " or "))
        }
        return torrent
    }

    private static func isNamed(_ torrent: CachedTorrent, _ text: String) -> Bool {
        let lower = text.lowercased()
        return torrent.identity.v1?.description == lower
            || torrent.identity.v2?.description == lower
            || torrent.name.elementsEqual(text.utf8)
    }

    private static func hasPrefix(_ torrent: CachedTorrent, _ text: String) -> Bool {
        let lower = text.lowercased()
        guard lower.utf8.count >= leastDigits else { return false }
        return torrent.identity.v1?.description.hasPrefix(lower) == true
            || torrent.identity.v2?.description.hasPrefix(lower) == true
    }
}
