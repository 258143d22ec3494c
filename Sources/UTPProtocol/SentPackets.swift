/// The packets from the oldest that is not acknowledged on, in order of their numbers.
struct SentPackets {
    private var packets: ContiguousArray<SentPacket> = []
    private var head = 0

    var count: Int { packets.count - head }
    var isEmpty: Bool { count == 0 }

    /// The packet so many numbers after the oldest.
    subscript(index: Int) -> SentPacket {
        get { packets[head + index] }
        set { packets[head + index] = newValue }
    }

    mutating func append(_ packet: SentPacket) { packets.append(packet) }

    mutating func removeFirst(_ count: Int) {
        head += count
        if head == packets.count {
            packets.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256, head * 2 >= packets.count {
            packets.removeSubrange(..<head)
            head = 0
        }
    }
}
