/// Work that a mount's process does on request, for longer than one answer takes.
package enum ControlTask: Equatable, Sendable {
    /// Hash what is cached again: of one torrent (its infohash), or of all.
    case verify(torrent: String?, repair: Bool)
    /// Fetch files, or a range of bytes of each, ahead of any reader. Paths are relative to the
    /// mountpoint; a directory stands for all files below it, the empty path for everything.
    case prefetch(paths: [String], range: ByteSpan?)
    /// Keep files from being evicted, for good; paths as above.
    case pin(paths: [String])
    /// Let them be evicted again.
    case unpin(paths: [String])
    /// Evict all of a torrent (its infohash), but what is pinned or in use.
    case evictTorrent(String)
    /// The same with files; paths as above.
    case evict(paths: [String])
}
