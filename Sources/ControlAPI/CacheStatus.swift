/// What a mount's process says of its cache.
package struct CacheStatus: Codable, Equatable, Sendable {
    /// The cache directory.
    package var directory: String
    /// Bytes on disk, over all torrents and processes that use the directory.
    package var usedBytes: Int64
    /// What it may take at most (`--cache-size`); null for no limit.
    package var sizeLimit: Int64?
    /// Bytes of the disk that are free.
    package var freeBytes: Int64
    /// Bytes of the disk that the cache leaves free (`--cache-free`).
    package var keptFreeBytes: Int64
    /// Whether what is fetched now cannot be kept and is served from memory: the limit is reached or
    /// the disk is full, and nothing can be evicted.
    package var isFull: Bool

    /// A status.
    package init(
        directory: String, usedBytes: Int64, sizeLimit: Int64?, freeBytes: Int64,
        keptFreeBytes: Int64, isFull: Bool
    ) {
        self.directory = directory
        self.usedBytes = usedBytes
        self.sizeLimit = sizeLimit
        self.freeBytes = freeBytes
        self.keptFreeBytes = keptFreeBytes
        self.isFull = isFull
    }

    private enum CodingKeys: String, CodingKey {
        case directory
        case usedBytes = "used_bytes"
        case sizeLimit = "size_limit"
        case freeBytes = "free_bytes"
        case keptFreeBytes = "kept_free_bytes"
        case isFull = "is_full"
    }

    /// Encodes every key, an absent limit as null: scripts can rely on each key being there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(directory, forKey: .directory)
        try container.encode(usedBytes, forKey: .usedBytes)
        try container.encode(sizeLimit, forKey: .sizeLimit)
        try container.encode(freeBytes, forKey: .freeBytes)
        try container.encode(keptFreeBytes, forKey: .keptFreeBytes)
        try container.encode(isFull, forKey: .isFull)
    }
}
