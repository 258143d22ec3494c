import PeerProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Allowed-fast sets (BEP 6)")
struct AllowedFastTests {
    private static func pieces(_ address: String, count: Int, size: Int) throws -> [Int] {
        let hash = try #require(SHA1Digest(Array(repeating: UInt8(0xAA), count: 20)))
        return AllowedFastSet.pieces(
            for: try #require(IPAddress(address)), infoHash: hash, pieceCount: count, size: size,
            hashing: OpenSSLHashing()
        ).map(\.value)
    }

    @Test func `the set is the one of the specification's examples`() throws {
        let nine = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508]
        #expect(try Self.pieces("80.4.4.200", count: 1313, size: 7) == Array(nine.prefix(7)))
        #expect(try Self.pieces("80.4.4.200", count: 1313, size: 9) == nine)
    }

    @Test func `neighbours have the same set, so that more addresses give no more`() throws {
        #expect(
            try Self.pieces("80.4.4.1", count: 1313, size: 7)
                == Self.pieces("80.4.4.200", count: 1313, size: 7))
        #expect(
            try Self.pieces("80.4.5.1", count: 1313, size: 7)
                != Self.pieces("80.4.4.200", count: 1313, size: 7))
    }

    @Test func `a torrent that the set would cover, and IPv6, have none`() throws {
        #expect(try Self.pieces("80.4.4.200", count: 5, size: 5) == [])
        #expect(try Self.pieces("80.4.4.200", count: 6, size: 5).count == 5)
        #expect(try Self.pieces("2001:db8::1", count: 1313, size: 5) == [])
    }
}
