/// Gzip streams made by hand (RFC 1951, RFC 1952).
enum HTTPGzipSample {
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

    /// `bytes`, fewer than 65536 of them, in one stored block.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        let length = UInt16(bytes.count)
        var stream = header + [1]
        stream += littleEndian(length)
        stream += littleEndian(~length)
        stream += bytes
        stream += littleEndian(crc32(bytes))
        return stream + littleEndian(UInt32(bytes.count))
    }

    /// A stream that inflates to a zero and `matches` times 258 more of them, 13 bits each, and
    /// has no end: the reader must stop by itself.
    static func bomb(matches: Int) -> [UInt8] {
        var stream = header
        var bits: UInt32 = 0
        var count = 0
        func put(_ code: UInt32, _ width: Int) {
            // Huffman codes go in from their most significant bit.
            for shift in (0..<width).reversed() {
                bits |= (code >> UInt32(shift) & 1) << UInt32(count)
                count += 1
                if count == 8 {
                    stream.append(UInt8(bits))
                    bits = 0
                    count = 0
                }
            }
        }
        put(1, 1)  // The last block
        put(0b10, 2)  // with the fixed codes; this field goes in from its least significant bit.
        put(0b0011_0000, 8)  // The literal 0.
        for _ in 0..<matches {
            put(0b1100_0101, 8)  // Length 258
            put(0, 5)  // at distance 1.
        }
        return stream
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
        }
        return ~sum
    }
}
