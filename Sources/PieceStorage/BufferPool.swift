import Glibc
import Reactor

/// Page-aligned memory in sizes that are powers of two, bounded in bytes and recycled: faulting
/// fresh pages in costs more than hashing them.
final class BufferPool: Sendable {
    private struct State {
        // Safe: each address is in one list or with one owner, never both.
        var free: [Int: [UnsafeMutableRawPointer]] = [:]
        var mappedBytes = 0
        var freeListBytes = 0
        var waiting: [ObjectIdentifier: @Sendable () -> Void] = [:]
    }

    private let state = Locked(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    deinit {
        state.withLock { state in
            for (capacity, addresses) in state.free {
                for address in addresses { munmap(address, capacity) }
            }
        }
    }

    /// Bytes mapped, free or in use.
    var mappedBytes: Int { state.withLock { $0.mappedBytes } }

    /// Bytes that may still be taken within the limit.
    var availableBytes: Int {
        state.withLock { limit - $0.mappedBytes + $0.freeListBytes }
    }

    /// The size that a buffer of `length` bytes takes.
    static func capacity(for length: Int) -> Int {
        var capacity = BufferPool.smallest
        while capacity < length { capacity *= 2 }
        return capacity
    }

    /// The block size: no piece that matters is smaller.
    private static let smallest = 16 << 10

    /// Memory of `capacity` bytes; nil where that would exceed the limit and `mayExceed` is
    /// false, or where the system has none.
    func take(_ capacity: Int, mayExceed: Bool) -> UnsafeMutableRawPointer? {
        state.withLock { state in
            if let address = state.free[capacity]?.popLast() {
                state.freeListBytes -= capacity
                return address
            }
            while state.mappedBytes + capacity > limit, Self.unmapOne(&state) {}
            guard mayExceed || state.mappedBytes + capacity <= limit else { return nil }
            let protection = PROT_READ | PROT_WRITE
            let address = mmap(nil, capacity, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            guard let address, address != MAP_FAILED else { return nil }
            state.mappedBytes += capacity
            return address
        }
    }

    /// Calls `action` once, on any thread, when memory has been given back; one action an owner.
    func notify(_ owner: ObjectIdentifier, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.waiting[owner] = action }
    }

    /// Takes memory back.
    func give(_ address: UnsafeMutableRawPointer, capacity: Int) {
        let waiting = state.withLock { state in
            if state.mappedBytes > limit {
                munmap(address, capacity)
                state.mappedBytes -= capacity
            } else {
                state.free[capacity, default: []].append(address)
                state.freeListBytes += capacity
            }
            defer { state.waiting.removeAll() }
            return state.waiting
        }
        for action in waiting.values { action() }
    }

    private static func unmapOne(_ state: inout State) -> Bool {
        let largest = state.free.filter { !$0.value.isEmpty }.keys.max()
        guard let largest, let address = state.free[largest]?.popLast() else { return false }
        munmap(address, largest)
        state.mappedBytes -= largest
        state.freeListBytes -= largest
        return true
    }
}
