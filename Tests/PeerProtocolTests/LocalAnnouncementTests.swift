import PeerProtocol
import Testing
import TorrentCore

@Suite("Local announcements (BEP 14)")
struct LocalAnnouncementTests {
    private let hash = Connection.digest(0xAB)
    private let text = String(repeating: "ab", count: 20)

    private func parse(_ lines: String...) -> LocalAnnouncement? {
        LocalAnnouncement(parsing: Array(lines.map { $0 + "\r\n" }.joined().utf8))
    }

    @Test func `an announcement has the bytes that BEP 14 gives it`() {
        let announcement = LocalAnnouncement(port: 6881, infoHashes: [hash], cookie: "c0ffee")
        #expect(
            String(
                decoding: announcement.encoded(for: LocalAnnouncement.groupV4), as: UTF8.self)
                == "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n"
                + "Infohash: \(text)\r\ncookie: c0ffee\r\n\r\n\r\n")
        #expect(
            String(
                decoding: announcement.encoded(for: LocalAnnouncement.groupV6), as: UTF8.self
            ).contains("Host: [ff15::efc0:988f]:6771\r\n"))
    }

    @Test func `the most torrents there may be fit into a datagram, and are read back`() {
        let announcement = LocalAnnouncement(
            port: 65_535, infoHashes: (0..<20).map { Connection.digest(UInt8($0)) },
            cookie: String(repeating: "c", count: 64))
        let datagram = announcement.encoded(for: LocalAnnouncement.groupV6)
        #expect(datagram.count <= LocalAnnouncement.maximumLength)
        #expect(LocalAnnouncement(parsing: datagram) == announcement)
    }

    @Test func `headers come in any order, case and spacing`() {
        #expect(
            parse(
                "BT-SEARCH * HTTP/1.1", "INFOHASH:\(text.uppercased())", "X-More: 1",
                "port: \t 80 ", "")
                == LocalAnnouncement(port: 80, infoHashes: [hash], cookie: nil))
        let bare = "BT-SEARCH * HTTP/1.1\nPort: 80\nInfohash: \(text)\n\n"
        #expect(LocalAnnouncement(parsing: Array(bare.utf8))?.port == 80)
    }

    @Test func `what lacks something, or has it wrong, is no announcement`() {
        let start = "BT-SEARCH * HTTP/1.1"
        let hash = "Infohash: \(text)"
        #expect(parse("M-SEARCH * HTTP/1.1", "Port: 80", hash) == nil)
        #expect(parse(start, hash) == nil)
        #expect(parse(start, "Port: 80") == nil)
        for port in ["0", "-1", "65536", "x", ""] {
            #expect(parse(start, "Port: \(port)", hash) == nil)
        }
        for wrong in ["", "ab", text + "ab", String(repeating: "zz", count: 20)] {
            #expect(parse(start, "Port: 80", "Infohash: \(wrong)") == nil)
        }
        #expect(LocalAnnouncement(parsing: []) == nil)
        let long = parse(start, "Port: 80", hash, "X: " + String(repeating: "y", count: 1400))
        #expect(long == nil)
    }

    @Test func `a torrent counts once, and only the first twenty`() {
        let same = Array(repeating: "Infohash: \(text)\r\n", count: 5).joined()
        let others = (0..<19).map { "Infohash: \(Connection.digest(UInt8($0)))\r\n" }.joined()
        let start = "BT-SEARCH * HTTP/1.1\r\nPort: 80\r\n"
        let twice = LocalAnnouncement(parsing: Array((start + same).utf8))
        #expect(twice?.infoHashes == [hash])
        let many = LocalAnnouncement(
            parsing: Array((start + others + others + "Infohash: \(text)\r\n").utf8))
        #expect(many == nil, "longer than a datagram may be")
        let enough = LocalAnnouncement(
            parsing: Array(
                (start + others + "Infohash: \(text)\r\nInfohash: \(Connection.digest(99))\r\n")
                    .utf8))
        #expect(enough?.infoHashes.count == 20)
    }
}
