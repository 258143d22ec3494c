import Testing
import TorrentCore
import TorrentCrypto

@Suite("Digests")
struct DigestTests {
    @Test func `SHA-1 of abc is that of FIPS 180`() {
        let hashing = OpenSSLHashing()
        #expect(
            hashing.sha1(Array("abc".utf8).span).description
                == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            hashing.sha1([UInt8]().span).description == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    }

    @Test func `SHA-256 of abc is that of FIPS 180`() {
        let hashing = OpenSSLHashing()
        #expect(
            hashing.sha256(Array("abc".utf8).span).description
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hashing.sha256([UInt8]().span).description
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test(arguments: [0, 1, 63, 64, 65, 16_384, 100_000])
    func `a digest does not depend on how its input was cut`(length: Int) {
        var random = SeededRandom(seed: UInt64(length))
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        var sha1 = SHA1Context()
        var sha256 = SHA256Context()
        bytes.withUnsafeBytes { bytes in
            var position = 0
            while position < length {
                let count = Int.random(in: 1...(length - position), using: &random)
                let part = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
                sha1.update(part)
                sha256.update(part)
                position += count
            }
        }
        #expect(sha1.finish() == OpenSSLHashing().sha1(bytes.span))
        #expect(sha256.finish() == OpenSSLHashing().sha256(bytes.span))
    }

    @Test func `a context starts anew after each digest`() {
        var context = SHA256Context()
        let bytes = Array("abc".utf8)
        let digests = (0..<3).map { _ in bytes.withUnsafeBytes { context.digest(of: $0) } }
        #expect(Set(digests) == [OpenSSLHashing().sha256(bytes.span)])
        var raw = [UInt8](repeating: 0, count: 32)
        raw.withUnsafeMutableBytes { output in
            if let start = output.baseAddress { context.finish(into: start) }
        }
        #expect(SHA256Digest(raw) == OpenSSLHashing().sha256([UInt8]().span))
    }

    @Test func `many threads may hash at once`() async {
        let bytes = [UInt8](repeating: 7, count: 50_000)
        let expected = OpenSSLHashing().sha1(bytes.span)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    (0..<50).allSatisfy { _ in OpenSSLHashing().sha1(bytes.span) == expected }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }
}
