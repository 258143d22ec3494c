import PieceStorage

/// One thing that `swarmfs verify` looks at.
enum VerifyTarget {
    /// What a running process has mounted: one torrent (its infohash), or all of the mount.
    case mounted(mountpoint: String, torrent: String?)
    /// A torrent of the cache that no process has open.
    case cached(CachedTorrent)
}
