/// How full a cache directory is.
package struct CacheUsage: Equatable, Sendable {
    /// Bytes on disk, over all torrents and processes.
    package var usedBytes: Int64 = 0
    /// Of these, the bytes of torrents that this process has open.
    var ownBytes: Int64 = 0
    /// What it may take; nil for no limit.
    package var sizeLimit: Int64?
    /// Bytes that the disk has for us and everybody else.
    package var freeBytes: Int64 = 0
    /// Bytes of the disk that are left to others.
    package var keptFreeBytes: Int64 = 0
    /// Whether what is fetched now cannot be kept on disk and is served from memory.
    package var isFull = false

    /// An empty cache.
    package init() {}
}
