import TorrentCore

/// The blocks of one piece that are on disk by themselves, and what each hashes to: a row of the
/// catalogue's `blocks`.
struct BlockLeaves: Equatable, Sendable {
    /// By number.
    private(set) var leaves: [Int: SHA256Digest]

    init(_ leaves: [Int: SHA256Digest] = [:]) { self.leaves = leaves }

    /// From a row; none where its parts do not fit each other.
    init(present: [UInt8], hashes: [UInt8]) {
        let numbers = Self.numbers(present)
        let size = SHA256Digest.byteCount
        leaves = [:]
        guard hashes.count == numbers.count * size else { return }
        for (position, number) in numbers.enumerated() {
            leaves[number] = SHA256Digest(hashes[position * size..<(position + 1) * size])
        }
    }

    var isEmpty: Bool { leaves.isEmpty }

    /// One bit a block, the first the most significant of the first byte; no more bytes than needed.
    var present: [UInt8] {
        guard let last = leaves.keys.max() else { return [] }
        var bytes = [UInt8](repeating: 0, count: last / 8 + 1)
        for number in leaves.keys { bytes[number / 8] |= 0x80 >> UInt8(number % 8) }
        return bytes
    }

    /// 32 bytes a block, in order.
    var hashes: [UInt8] {
        leaves.sorted { $0.key < $1.key }.flatMap { $0.value.bytes }
    }

    /// The numbers of the blocks that `present` names, in order.
    static func numbers(_ present: [UInt8]) -> [Int] {
        var numbers: [Int] = []
        for (index, byte) in present.enumerated() where byte != 0 {
            for bit in 0..<8 where byte & 0x80 >> UInt8(bit) != 0 {
                numbers.append(index * 8 + bit)
            }
        }
        return numbers
    }

    mutating func add(_ other: [Int: SHA256Digest]) { leaves.merge(other) { $1 } }

    mutating func remove(_ numbers: [Int]) { for number in numbers { leaves[number] = nil } }
}
