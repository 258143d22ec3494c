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

    /// The catalogue's word counts, and nothing is mounted.
    package init() {}
}
