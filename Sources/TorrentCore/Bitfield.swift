/// Which pieces somebody has: one bit a piece (BEP 3), with a running count.
package struct Bitfield: Equatable, Sendable {
    /// Number of bits.
    package let count: Int
    /// Number of bits that are set.
    package private(set) var setCount = 0
    private var words: [UInt64]

    /// All bits clear, or all set.
    package init(count: Int, allSet: Bool = false) {
        self.count = count
        words = Array(repeating: allSet ? ~0 : 0, count: (count + 63) / 64)
        if allSet {
            setCount = count
            if count % 64 != 0 { words[words.count - 1] = ~0 << UInt64(64 - count % 64) }
        }
    }

    /// From the payload of a `bitfield` message; nil where its length is wrong or a spare bit is
    /// set, for either of which the connection is to be closed (BEP 3).
    package init?(count: Int, wire bytes: Span<UInt8>) {
        guard bytes.count == (count + 7) / 8 else { return nil }
        self.init(count: count)
        for index in 0..<bytes.count {
            words[index / 8] |= UInt64(bytes[index]) << UInt64(56 - index % 8 * 8)
        }
        if count % 64 != 0, let last = words.last, last << UInt64(count % 64) != 0 { return nil }
        setCount = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    /// The payload of a `bitfield` message.
    package var wireBytes: [UInt8] {
        (0..<(count + 7) / 8).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> (56 - $0 % 8 * 8)) }
    }

    /// Whether every bit is set.
    package var isFull: Bool { setCount == count }

    /// Whether no bit is set.
    package var isEmpty: Bool { setCount == 0 }

    /// Reads or writes one bit, which must be in range.
    package subscript(piece: PieceIndex) -> Bool {
        get {
            precondition(piece.rawValue >= 0 && piece.value < count)
            return words[piece.value >> 6] & Self.mask(piece) != 0
        }
        set {
            precondition(piece.rawValue >= 0 && piece.value < count)
            guard newValue != (words[piece.value >> 6] & Self.mask(piece) != 0) else { return }
            words[piece.value >> 6] ^= Self.mask(piece)
            setCount += newValue ? 1 : -1
        }
    }

    /// The first set (or clear) bit in `range`, which is clamped to the field; 64 bits a step.
    package func first(in range: Range<PieceIndex>, isSet: Bool) -> PieceIndex? {
        var position = max(0, range.lowerBound.value)
        let end = min(count, range.upperBound.value)
        while position < end {
            let word = isSet ? words[position >> 6] : ~words[position >> 6]
            let zeros = (word << UInt64(position & 63)).leadingZeroBitCount
            if zeros < 64 - position & 63 {
                return position + zeros < end ? PieceIndex(position + zeros) : nil
            }
            position = (position | 63) + 1
        }
        return nil
    }

    /// The first bit in `range`, which is clamped to the field, that is set here and not in `other`,
    /// a field of as many bits; 64 bits a step.
    package func first(
        in range: Range<PieceIndex>, notIn other: borrowing Bitfield
    ) -> PieceIndex? {
        precondition(other.count == count)
        var position = max(0, range.lowerBound.value)
        let end = min(count, range.upperBound.value)
        while position < end {
            let word = words[position >> 6] & ~other.words[position >> 6]
            let zeros = (word << UInt64(position & 63)).leadingZeroBitCount
            if zeros < 64 - position & 63 {
                return position + zeros < end ? PieceIndex(position + zeros) : nil
            }
            position = (position | 63) + 1
        }
        return nil
    }

    /// How many bits of `range`, which is clamped to the field, are set; 64 bits a step.
    package func setCount(in range: Range<PieceIndex>) -> Int {
        var position = max(0, range.lowerBound.value)
        let end = min(count, range.upperBound.value)
        var total = 0
        while position < end {
            let next = min(end, (position | 63) + 1)
            let word = words[position >> 6] << UInt64(position & 63)
            total += (word >> UInt64(64 - (next - position))).nonzeroBitCount
            position = next
        }
        return total
    }

    /// The runs of set bits, in order.
    package var runs: [Range<PieceIndex>] {
        var runs: [Range<PieceIndex>] = []
        let end = PieceIndex(count)
        var start = first(in: PieceIndex(0)..<end, isSet: true)
        while let from = start {
            let to = first(in: from..<end, isSet: false) ?? end
            runs.append(from..<to)
            start = first(in: to..<end, isSet: true)
        }
        return runs
    }

    private static func mask(_ piece: PieceIndex) -> UInt64 { 1 << UInt64(63 - piece.value & 63) }
}
