/// The 20 bytes of a SHA-1: a v1 infohash, a v1 piece hash, or a truncated v2 infohash (BEP 52).
///
/// Kept as words, so that comparing and hashing it needs no allocation.
package struct SHA1Digest: Hashable, Sendable, CustomStringConvertible {
    /// Length in bytes.
    package static let byteCount = 20

    /// Bytes 0 to 7, most significant first.
    package let head: UInt64
    /// Bytes 8 to 15.
    package let middle: UInt64
    /// Bytes 16 to 19.
    package let tail: UInt32

    /// Nil unless `bytes` holds exactly 20 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 0..<8: words.0 = words.0 << 8 | UInt64(byte)
            case 8..<16: words.1 = words.1 << 8 | UInt64(byte)
            default: words.2 = words.2 << 8 | UInt32(byte)
            }
        }
        (head, middle, tail) = words
    }

    /// Nil unless `text` is 40 hexadecimal digits.
    package init?(hexadecimal text: some StringProtocol) {
        guard let bytes = Hexadecimal.decode(text) else { return nil }
        self.init(bytes)
    }

    /// The 20 bytes, most significant first, as they stand on the wire.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.appendBigEndian(head)
        bytes.appendBigEndian(middle)
        bytes.appendBigEndian(tail)
        return bytes
    }

    /// 40 lower-case hexadecimal digits.
    package var description: String { Hexadecimal.encode(bytes) }
}
