/// The Castagnoli checksum (RFC 3720, appendix B.4), bit by bit: it only ever sees some bytes of
/// addresses (BEP 40, 42).
package enum CRC32C {
    /// The polynomial read from its other end.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The checksum of the bytes; eight steps each.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : polynomial)
            }
        }
        return ~remainder
    }
}
