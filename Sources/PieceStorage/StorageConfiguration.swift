import Glibc

/// How much of the machine storage may use.
package struct StorageConfiguration: Sendable {
    /// Threads that hash; one a core, since hashing is all they do.
    package var hashThreads = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    /// Threads that write pieces: one, as the kernel lets one thread at a time write to a file, and a
    /// second one spins meanwhile; all files are on the same disk.
    package var writeThreads = 1
    /// Threads that read blocks for peers: enough to keep a disk's queue filled.
    package var uploadThreads = 4
    /// Memory of pieces being received, hashed and written, over all torrents. Every torrent
    /// may have four pieces, whatever this says.
    package var bufferBytes = 64 << 20
    /// Memory of verified pieces that could not be written (a full disk), per torrent; at least
    /// two pieces, so that a read that crosses a border can be answered.
    package var retainedBytes = 64 << 20
    /// Bytes a second from which on pieces are written past the page cache where the filesystem lets
    /// them: then its copy is felt, a twentieth of a core.
    package var directWritingRate: Int64 = 64 << 20
    /// Memory of verified blocks of pieces that are not here whole (BEP 52), per torrent.
    package var blockBytes = 32 << 20
    /// Memory of hashes that peers asked for (BEP 52), per torrent: 64 bytes for each 16 KiB, so those
    /// of 8 GiB.
    package var hashTreeBytes = 32 << 20
    /// Open cache files over all torrents; each may keep one beyond.
    package var openFileLimit = Self.defaultOpenFileLimit

    /// The defaults.
    package init() {}

    /// Half of the descriptors that the process may have (the rest is for peers), at most 4096:
    /// more gains nothing, an `open` costs a few microseconds.
    private static var defaultOpenFileLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 256
        }
        return Int(min(4096, limit.rlim_cur / 2))
    }
}
