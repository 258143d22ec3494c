/// How much of a disk a cache directory may use.
package struct CacheLimits: Equatable, Sendable {
    /// Disk space that is left to others.
    package enum FreeSpace: Equatable, Sendable {
        /// So many bytes.
        case bytes(Int64)
        /// A part of the whole disk, 0 to 100.
        case percent(Double)
    }

    /// Bytes on disk that the directory may take, over all its torrents and processes; nil for as
    /// many as there are.
    package var size: Int64?
    /// What stays free for others.
    package var free: FreeSpace

    /// Limits.
    package init(size: Int64?, free: FreeSpace) {
        self.size = size
        self.free = free
    }

    /// Takes all there is.
    package static let unlimited = CacheLimits(size: nil, free: .bytes(0))
    /// What the command keeps to unless told otherwise: filesystems slow down when nearly full, and
    /// other programs need room.
    package static let standard = CacheLimits(size: nil, free: .percent(5))

    /// Bytes to keep free on a disk of `capacity` bytes.
    package func bytesKeptFree(of capacity: Int64) -> Int64 {
        switch free {
        case .bytes(let bytes): max(0, bytes)
        case .percent(let percent):
            Int64(Double(max(0, capacity)) * min(max(0, percent), 100) / 100)
        }
    }
}
