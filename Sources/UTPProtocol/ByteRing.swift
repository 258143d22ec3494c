/// Bytes of a stream between two positions, in a ring that grows up to what it is given.
///
/// Positions count from the beginning of the stream and only grow.
final class ByteRing {
    private static let smallest = 16 * 1024

    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// The position of the first byte that is held.
    private(set) var start = 0
    /// The position after the last.
    private(set) var end = 0

    deinit { memory.deallocate() }

    /// How many bytes are held.
    var count: Int { end - start }

    /// Adds a copy of bytes; grows to the next power of two where there is no room.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        reserve(count + bytes.count)
        let offset = end & (memory.count - 1)
        let head = min(bytes.count, memory.count - offset)
        UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + head])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<head]))
        UnsafeMutableRawBufferPointer(rebasing: memory[..<(bytes.count - head)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[head...]))
        end += bytes.count
    }

    /// Copies the bytes from `position` on, as many as `room` takes; all must be held.
    func copy(from position: Int, to room: UnsafeMutableRawBufferPointer) {
        precondition(position >= start && position + room.count <= end, "outside of the ring")
        guard !room.isEmpty else { return }
        let offset = position & (memory.count - 1)
        let head = min(room.count, memory.count - offset)
        room.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[offset..<offset + head]))
        UnsafeMutableRawBufferPointer(rebasing: room[head...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<(room.count - head)]))
    }

    /// Lets go of the bytes before `position`, and of the memory when none are left and it is large.
    func drop(to position: Int) {
        start = max(start, min(position, end))
        if start == end, memory.count > Self.smallest * 4 { release() }
    }

    /// Gives all memory back; the bytes are lost.
    func release() {
        start = end
        memory.deallocate()
        memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    private func reserve(_ needed: Int) {
        guard needed > memory.count else { return }
        var capacity = max(memory.count, Self.smallest)
        while capacity < needed { capacity *= 2 }
        let grown = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
        let (position, held) = (start, count)
        var done = 0
        while done < held {
            let (from, to) = (
                (position + done) & (memory.count - 1), (position + done) & (capacity - 1)
            )
            let part = min(held - done, memory.count - from, capacity - to)
            UnsafeMutableRawBufferPointer(rebasing: grown[to..<to + part])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[from..<from + part]))
            done += part
        }
        memory.deallocate()
        memory = grown
    }
}
