import Metainfo
import Testing
import TorrentCore

@Suite("Magnet links and sources (BEP 9, BEP 53)")
struct MagnetLinkTests {
    private static let v1 = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
    private static let v2 = String(repeating: "0123456789abcdef", count: 4)

    private func parse(_ text: String) throws(MagnetError) -> MagnetLink {
        try MagnetLink(parsing: text)
    }

    @Test func `everything a link can say is read`() throws {
        let link = try parse(
            "magnet:?xt=urn:btih:\(Self.v1)&xt=urn:btmh:1220\(Self.v2)&dn=a+b%20%C3%A9&xl=10"
                + "&tr=http%3A%2F%2Ft%2Fannounce%3Fa%3D1%2B2&tr.1=udp://u:80&ws=http://w/x"
                + "&x.pe=1.2.3.4:5&x.pe=%5B::1%5D:6&x.pe=host.example:7&so=0,2,4-6")
        let expected = TorrentIdentity(
            v2: try #require(SHA256Digest(hexadecimal: Self.v2)),
            v1: SHA1Digest(hexadecimal: Self.v1))
        #expect(link.identity == expected)
        #expect(link.displayName == "a b é")
        #expect(link.trackers == ["http://t/announce?a=1+2", "udp://u:80"])
        #expect(link.webSeeds == ["http://w/x"])
        #expect(link.peers == ["1.2.3.4:5", "[::1]:6", "host.example:7"])
        #expect(link.selectedFiles == [0...0, 2...2, 4...6])
        #expect(try parse(link.description) == link)
    }

    @Test func `base 32 and upper case name the same torrent`() throws {
        let digits = "YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK"
        let plain = try parse("magnet:?xt=urn:btih:\(Self.v1)")
        #expect(try parse("magnet:?xt=urn:btih:\(digits)") == plain)
        #expect(try parse("MAGNET:?XT=URN:BTIH:\(digits.lowercased())") == plain)
        #expect(try parse("magnet:?xt.1=urn%3Abtih%3A\(Self.v1.uppercased())") == plain)
        #expect(try parse("magnet:?xt=urn:sha1:abc&xt=urn:btih:\(Self.v1)") == plain)
    }

    @Test(arguments: [
        ("", MagnetError.notAMagnetLink), ("magnet:", .notAMagnetLink),
        ("magnet:?", .noInfohash), ("magnet:?dn=x", .noInfohash),
        ("magnet:?xt=urn:sha1:x", .noInfohash), ("magnet:?xt", .noInfohash),
        ("magnet:?xt=urn:btih:", .badInfohash("")),
        ("magnet:?xt=urn:btih:abc", .badInfohash("abc")),
        ("magnet:?xt=urn:btmh:1220ab", .badInfohash("1220ab")),
        ("magnet:?xt=urn:btmh:1114\(v1)", .badInfohash("1114\(v1)")),
        ("magnet:?xt=urn:btih:\(v1)&dn=%", .badEscape),
        ("magnet:?xt=urn:btih:\(v1)&dn=%4", .badEscape),
        ("magnet:?xt=urn:btih:\(v1)&dn=%4x", .badEscape),
        ("magnet:?xt=urn:btih:\(v1)&xt=urn:btih:\(v2.prefix(40))", .conflictingInfohashes),
        ("magnet:?xt=urn:btih:\(v1)&so=3-1", .badSelection("3-1")),
        ("magnet:?xt=urn:btih:\(v1)&so=x", .badSelection("x")),
        ("magnet:?xt=urn:btih:\(v1)&so=1-2-3", .badSelection("1-2-3")),
        ("magnet:?xt=urn:btih:\(v1)&so=99999999999", .badSelection("99999999999")),
    ])
    func `faults in what decides the torrent are refused`(text: String, error: MagnetError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test func `hints that cannot be used are passed over`() throws {
        let link = try parse(
            "magnet:?xt=urn:btih:\(Self.v1)&tr=&tr=http://a%0d%0aX:%20y&tr=http://a&tr=http://a"
                + "&x.pe=nowhere&x.pe=a:0&x.pe=::1:5&x.pe=a:99999&dn=&so=&foo&=&&")
        #expect(link.trackers == ["http://a"])
        #expect(link.peers.isEmpty)
        #expect(link.displayName == nil)
        #expect(link.selectedFiles == nil)
    }

    @Test func `links and hints are bounded`() throws {
        let head = "magnet:?xt=urn:btih:\(Self.v1)"
        let many = head + (0..<5000).map { "&tr=http://\($0)" }.joined()
        #expect(try parse(many).trackers.count == MagnetLink.maximumHints)
        let long = head + "&dn=" + String(repeating: "a", count: MagnetLink.maximumLength)
        #expect(throws: MagnetError.tooLong) { try parse(long) }
    }

    @Test func `every truncation and many mutations parse or fail`() {
        let link =
            "magnet:?xt=urn:btih:\(Self.v1)&dn=a%20b&tr=http%3A%2F%2Ft&x.pe=1.2.3.4:5&so=1,2-3"
        for count in 0..<link.utf8.count { _ = try? parse(String(link.prefix(count))) }
        var random = SeededRandom(seed: 9)
        for _ in 0..<3000 {
            var bytes = Array(link.utf8)
            for _ in 0..<3 {
                let position = Int.random(in: 8..<bytes.count, using: &random)
                bytes[position] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let mutant = try? parse(String(decoding: bytes, as: UTF8.self)) else { continue }
            #expect(throws: Never.self) { try parse(mutant.description) }
        }
    }

    @Test func `the kinds of sources are told apart`() throws {
        let identity = TorrentIdentity(v1: try #require(SHA1Digest(hexadecimal: Self.v1)))
        #expect(try TorrentSource(parsing: Self.v1) == .identity(identity))
        #expect(try TorrentSource(parsing: Self.v1.uppercased()) == .identity(identity))
        #expect(
            try TorrentSource(parsing: Self.v2)
                == .identity(
                    TorrentIdentity(v2: try #require(SHA256Digest(hexadecimal: Self.v2)))))
        let magnet = "magnet:?xt=urn:btih:\(Self.v1)"
        #expect(try TorrentSource(parsing: magnet) == .magnet(try parse(magnet)))
        #expect(try TorrentSource(parsing: "HTTPS://h/a") == .url("HTTPS://h/a"))
        for path in ["a.torrent", "./\(Self.v1)", "/x/y:z", "c:d", "\(Self.v1)0"] {
            #expect(try TorrentSource(parsing: path) == .file(path))
        }
        #expect(throws: TorrentSourceError.empty) { try TorrentSource(parsing: "") }
        #expect(throws: TorrentSourceError.unsupportedScheme("ftp")) {
            try TorrentSource(parsing: "ftp://h/a.torrent")
        }
        #expect(throws: TorrentSourceError.magnet(.noInfohash)) {
            try TorrentSource(parsing: "magnet:?dn=x")
        }
    }
}
