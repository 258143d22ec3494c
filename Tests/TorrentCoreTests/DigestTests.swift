import Testing
import TorrentCore

@Suite("Digests and identities (BEP 3, BEP 52)")
struct DigestTests {
    private let v1Text = "0123456789abcdef0123456789abcdef01234567"
    private let v2Text = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

    @Test func `hexadecimal in either case is read and written in lower case`() {
        #expect(SHA1Digest(hexadecimal: v1Text.uppercased())?.description == v1Text)
        #expect(SHA256Digest(hexadecimal: v2Text)?.description == v2Text)
        #expect(SHA1Digest(hexadecimal: String(v1Text.dropLast())) == nil)
        #expect(SHA1Digest(hexadecimal: "g" + v1Text.dropFirst()) == nil)
    }

    @Test func `a v2 infohash is truncated to its first twenty bytes`() throws {
        let digest = try #require(SHA256Digest(hexadecimal: v2Text))
        #expect(digest.truncated.description == String(v2Text.prefix(40)))
    }

    @Test func `a hybrid answers to both of its hashes and goes by the first`() throws {
        let v1 = try #require(SHA1Digest(hexadecimal: v1Text))
        let v2 = try #require(SHA256Digest(hexadecimal: v2Text))
        let hybrid = TorrentIdentity(v2: v2, v1: v1)
        #expect(hybrid.matches(v1))
        #expect(hybrid.matches(v2.truncated))
        #expect(hybrid.handshakeHash == v1)
        #expect(hybrid.isSame(as: TorrentIdentity(v2: v2)))
        #expect(!TorrentIdentity(v1: v1).isSame(as: TorrentIdentity(v2: v2)))
    }

    @Test func `a peer identity carries the client's letters`() {
        var random = SeededRandom(seed: 1)
        let id = PeerID(random: &random)
        #expect(id.bytes.count == 20)
        #expect(id.description.hasPrefix("-SF0001-"))
    }
}
