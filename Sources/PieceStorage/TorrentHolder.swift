/// Who has a torrent of a cache open, as its lock file says.
package struct TorrentHolder: Equatable, Sendable {
    /// The process; nil where the file does not tell (yet).
    package let process: Int32?
    /// Where it has the torrent mounted; nil for a process that only works on the cache.
    package let mountpoint: String?

    /// A holder of known names.
    package init(process: Int32?, mountpoint: String?) {
        self.process = process
        self.mountpoint = mountpoint
    }
}
