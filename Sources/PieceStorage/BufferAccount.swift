import Synchronization

/// How many buffers one torrent has out, since each may have a few whatever the others hold.
final class BufferAccount: Sendable {
    /// One being filled, one being hashed, one being written, one spare.
    private static let guaranteed = 4

    private let pool: BufferPool
    private let outstanding = Atomic(0)

    init(pool: BufferPool) { self.pool = pool }

    /// Bytes that buffers of `capacity` may still take.
    func available(_ capacity: Int) -> Int {
        let spare = Self.guaranteed - outstanding.load(ordering: .relaxed)
        return max(pool.availableBytes, spare * capacity)
    }

    func take(_ capacity: Int) -> UnsafeMutableRawPointer? {
        let count = outstanding.add(1, ordering: .relaxed).newValue
        if let address = pool.take(capacity, mayExceed: count <= Self.guaranteed) {
            return address
        }
        outstanding.subtract(1, ordering: .relaxed)
        return nil
    }

    func give(_ address: UnsafeMutableRawPointer, capacity: Int) {
        outstanding.subtract(1, ordering: .relaxed)
        pool.give(address, capacity: capacity)
    }
}
