/// Packets that came before one that they follow.
struct ReorderBuffer {
    /// Packets after the one that is missing; what is further is dropped. A megabyte in packets that
    /// any path carries, and a bound on what tiny ones cost.
    static let limit = 1024

    private var packets: [[UInt8]?] = []
    /// The index of the packet after the missing one.
    private var base = 0
    /// How many are held, and how many bytes.
    private(set) var count = 0
    private(set) var byteCount = 0
    /// One more than the farthest distance that is held.
    private var reach = 0

    /// Keeps the payload of the packet `distance` numbers after the missing one (from 1 on); false
    /// where it is here already or too far.
    mutating func insert(_ payload: [UInt8], distance: Int) -> Bool {
        guard distance >= 1, distance <= Self.limit else { return false }
        if packets.isEmpty { packets = Array(repeating: nil, count: Self.limit) }
        let index = (base + distance - 1) % Self.limit
        guard packets[index] == nil else { return false }
        packets[index] = payload
        count += 1
        byteCount += payload.count
        reach = max(reach, distance)
        return true
    }

    /// The missing packet has come: the one after it, where it is here, has its turn.
    mutating func advance() -> [UInt8]? {
        guard count > 0 else { return nil }
        reach = max(0, reach - 1)
        defer { base = (base + 1) % Self.limit }
        guard let payload = packets[base] else { return nil }
        packets[base] = nil
        count -= 1
        byteCount -= payload.count
        return payload
    }

    /// The bits of a selective acknowledgement: bit 0 is the packet after the missing one, least
    /// significant first, in multiples of 32 (BEP 29).
    var selectiveBits: [UInt8] {
        guard count > 0 else { return [] }
        var bits = [UInt8](repeating: 0, count: (reach + 31) / 32 * 4)
        for distance in 0..<reach where packets[(base + distance) % Self.limit] != nil {
            bits[distance / 8] |= 1 << UInt8(distance % 8)
        }
        return bits
    }

    /// Lets go of everything.
    mutating func removeAll() { self = ReorderBuffer() }
}
