/// How one process uses a cache directory.
package struct CachePolicy: Sendable {
    /// Where the process mounts what it takes from the cache, for those who find a torrent in use.
    package var mountpoint: String?
    /// Names the time since the machine was started, where each piece that was cached before is to
    /// be hashed again at its first use since; nil to take the catalogue's word.
    package var verifiedSince: BootID?
    /// Whether what is not cached cannot be fetched: reads of it fail at once.
    package var isOffline = false

    /// Whether pieces that are missing are taken from other torrents of the cache that hold the same.
    package var borrowsPieces = false

    /// Of how many bytes each chunk of a packed torrent is, where every torrent is to be packed that is
    /// new to the cache: for tests. Nil to pack those with very many small files.
    var chunkLength: Int64?

    /// The catalogue's word counts, and nothing is mounted.
    package init() {}
}
