/// What `cache evict --to SIZE --json` prints.
struct CacheShrinkReport: Encodable {
    /// What the disk got back.
    let bytes: Int64
    /// What all torrents take now.
    let diskBytes: Int64

    /// One line.
    var text: String {
        "evicted \(ByteSize.describe(bytes)); the cache takes \(ByteSize.describe(diskBytes)) now"
    }
}
