package import TorrentCore

/// A place in the DHT's space of 160 bits: a node's own, or that of a torrent or an item (BEP 5).
///
/// Kept as words, so that distances cost a few instructions.
package struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Length in bytes.
    package static let byteCount = 20
    /// Length in bits.
    package static let bitCount = 160

    let high: UInt64
    let middle: UInt64
    let low: UInt32

    init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// Nil unless `bytes` holds exactly 20 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard let digest = SHA1Digest(bytes) else { return nil }
        self.init(digest)
    }

    /// The place of a torrent or an item.
    package init(_ digest: SHA1Digest) {
        self.init(high: digest.head, middle: digest.middle, low: digest.tail)
    }

    /// Any place.
    package init(random: inout some RandomNumberGenerator) {
        high = random.next()
        middle = random.next()
        low = UInt32(truncatingIfNeeded: random.next())
    }

    /// The 20 bytes, most significant first, as they stand on the wire.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(middle)
        bytes.appendBigEndian(low)
        return bytes
    }

    /// 40 lower-case hexadecimal digits.
    package var description: String { Hexadecimal.encode(bytes) }

    /// The distance between two places: their exclusive or, which compares as a number.
    package static func ^ (left: Self, right: Self) -> Self {
        NodeID(
            high: left.high ^ right.high, middle: left.middle ^ right.middle,
            low: left.low ^ right.low)
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.high != right.high { return left.high < right.high }
        if left.middle != right.middle { return left.middle < right.middle }
        return left.low < right.low
    }

    /// How many bits at the start the two have in common, 0 to 160.
    package func sharedPrefix(with other: NodeID) -> Int {
        let distance = self ^ other
        if distance.high != 0 { return distance.high.leadingZeroBitCount }
        if distance.middle != 0 { return 64 + distance.middle.leadingZeroBitCount }
        return 128 + distance.low.leadingZeroBitCount
    }

    /// A random place whose first `bits` bits, and no more, are those of this one; from 0 to 159.
    package func neighbour(
        sharing bits: Int, random: inout some RandomNumberGenerator
    ) -> NodeID {
        let other = NodeID(random: &random)
        let kept = Self.mask(bits)
        let flipped = Self.mask(bits) ^ Self.mask(bits + 1)
        return NodeID(
            high: high & kept.high | ~high & flipped.high
                | other.high & ~(kept.high | flipped.high),
            middle: middle & kept.middle | ~middle & flipped.middle
                | other.middle & ~(kept.middle | flipped.middle),
            low: low & kept.low | ~low & flipped.low | other.low & ~(kept.low | flipped.low))
    }

    private static func mask(_ bits: Int) -> NodeID {
        NodeID(
            high: ~(UInt64.max >> UInt64(min(bits, 64))),
            middle: ~(UInt64.max >> UInt64(min(max(bits - 64, 0), 64))),
            low: ~(UInt32.max >> UInt32(min(max(bits - 128, 0), 32))))
    }
}
