import Testing
import TorrentCore
import TorrentCrypto

@Suite("SHA-1 of two inputs at once", .enabled(if: SHA1Pair.isAvailable))
struct SHA1PairTests {
    @Test(arguments: [0, 64, 128, 16_384, 1_048_576])
    func `both digests are those of libcrypto, wherever the inputs lie`(length: Int) {
        var random = SeededRandom(seed: UInt64(length))
        let bytes = (0..<2 * length + 3).map { _ in UInt8.random(in: 0...255, using: &random) }
        // The second one begins at an odd address.
        let (first, second) = (0..<length, length + 3..<2 * length + 3)
        let digests = bytes.withUnsafeBytes { bytes in
            SHA1Pair.digests(
                UnsafeRawBufferPointer(rebasing: bytes[first]),
                UnsafeRawBufferPointer(rebasing: bytes[second]))
        }
        #expect(digests.0 == OpenSSLHashing().sha1(Array(bytes[first]).span))
        #expect(digests.1 == OpenSSLHashing().sha1(Array(bytes[second]).span))
    }

    @Test func `the end of a torrent, which is no whole number of blocks, makes no pair`() {
        #expect(SHA1Pair.takes(16_384))
        #expect(!SHA1Pair.takes(16_383))
    }
}
