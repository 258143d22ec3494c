import PieceStorage
import TorrentCore

/// What `cache list --json` prints; the keys are stable and snake_case.
struct CacheReport: Encodable {
    /// One torrent of the cache.
    struct Torrent: Encodable {
        let infohash: String
        @NullEncoded var infohashV2: String?
        let name: String
        let size: Int64
        let diskBytes: Int64
        let pieceLength: Int64
        let pieces: Int
        let piecesCached: Int
        let added: Int64
        let lastUse: Int64
        @NullEncoded var pid: Int32?
        @NullEncoded var mountpoint: String?

        init(_ torrent: CachedTorrent) {
            infohash = torrent.identity.description
            _infohashV2 = NullEncoded(wrappedValue: torrent.identity.v2?.description)
            name = String(decoding: torrent.name, as: UTF8.self)
            size = torrent.size
            diskBytes = torrent.diskBytes
            pieceLength = torrent.pieceLength
            pieces = torrent.pieces
            piecesCached = torrent.piecesCached
            added = torrent.added
            lastUse = torrent.lastUse
            _pid = NullEncoded(wrappedValue: torrent.holder?.process)
            _mountpoint = NullEncoded(wrappedValue: torrent.holder?.mountpoint)
        }
    }

    let directory: String
    let torrents: [Torrent]
}
