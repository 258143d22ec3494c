import Testing
import TorrentCore
import TorrentCrypto

@Suite("RC4 (RFC 6229)")
struct RC4Tests {
    /// Key, offset, and 16 bytes of the key stream there.
    private static let vectors: [(key: String, offset: Int, stream: String)] = [
        ("0102030405", 0, "b2396305f03dc027ccc3524a0a1118a8"),
        ("0102030405", 1008, "45129048e6a0ed0b56b490338f078da5"),
        ("0102030405", 4096, "ff25b58995996707e51fbdf08b34d875"),
        ("01020304050607", 0, "293f02d47f37c9b633f2af5285feb46b"),
        ("0102030405060708090a0b0c0d0e0f10", 0, "9ac7cc9a609d1ef7b2932899cde41b97"),
        ("0102030405060708090a0b0c0d0e0f10", 1008, "e7a72574f8782ae26aabcf9ebcd66065"),
        ("833222772a", 0, "80ad97bdc973df8a2e879e92a497efda"),
    ]

    @Test(arguments: vectors)
    func `the key stream is the one of RFC 6229`(
        vector: (key: String, offset: Int, stream: String)
    ) throws {
        let cipher = RC4(key: try #require(Hexadecimal.decode(vector.key)))
        var stream = [UInt8](repeating: 0, count: vector.offset + 16)
        cipher.apply(to: &stream)
        #expect(Hexadecimal.encode(stream.suffix(16)) == vector.stream)
    }

    @Test func `the same key decrypts what it encrypted, however the bytes are cut`() {
        let plain = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var whole = plain
        RC4(key: [1, 2, 3]).apply(to: &whole)
        #expect(whole != plain)
        let cipher = RC4(key: [1, 2, 3])
        var random = SeededRandom(seed: 1)
        whole.withUnsafeMutableBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 0...700, using: &random))
                cipher.apply(to: UnsafeMutableRawBufferPointer(rebasing: part))
                rest = rest.dropFirst(part.count)
            }
        }
        #expect(whole == plain)
    }
}
