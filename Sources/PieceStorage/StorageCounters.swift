import Synchronization

/// What storage has done since the start, over all torrents; from any thread.
package final class StorageCounters: Sendable {
    private let hashed = Atomic<Int64>(0)
    private let written = Atomic<Int64>(0)
    private let read = Atomic<Int64>(0)

    /// All zero.
    init() {}

    /// Payload bytes hashed.
    package var hashedBytes: Int64 { hashed.load(ordering: .relaxed) }
    /// Payload bytes written to cache files.
    package var writtenBytes: Int64 { written.load(ordering: .relaxed) }
    /// Bytes that readers got, from cache files and from memory.
    package var readBytes: Int64 { read.load(ordering: .relaxed) }

    func addHashed(_ count: Int) { hashed.add(Int64(count), ordering: .relaxed) }
    func addWritten(_ count: Int) { written.add(Int64(count), ordering: .relaxed) }
    func addRead(_ count: Int) { read.add(Int64(count), ordering: .relaxed) }
}
