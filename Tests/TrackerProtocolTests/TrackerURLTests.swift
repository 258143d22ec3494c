import Testing
import TorrentCore
import TrackerProtocol

@Suite("Tracker URLs")
struct TrackerURLTests {
    @Test func `http and https URLs are kept without their fragment`() throws {
        #expect(
            try TrackerURL(parsing: "http://t.example/announce?k=1#top")
                == .http("http://t.example/announce?k=1"))
        #expect(
            try TrackerURL(parsing: " HTTPS://t.example/announce\n")
                == .http("https://t.example/announce"))
    }

    @Test(arguments: [
        ("http://t.example/announce", false), ("https://t.example:443", false),
        ("http://127.0.0.1:80/announce", true), ("http://user@10.0.0.1/a", true),
        ("http://[2001:db8::1]:80/a", true), ("http://1.2.3.example/1.2.3.4", false),
        ("udp://t.example:80", false), ("udp://10.0.0.1:80", true), ("udp://[::1]:80", true),
    ])
    func `a host that is an address is of one family`(text: String, isNumeric: Bool) throws {
        #expect(try TrackerURL(parsing: text).hasNumericHost == isNumeric)
    }

    @Test(arguments: [
        ("udp://t.example:80", "t.example", 80, ""),
        ("udp://t.example:80/", "t.example", 80, ""),
        ("udp://t.example:6969/announce", "t.example", 6969, "/announce"),
        ("udp://t.example:80/dir?a=b&c=d#x", "t.example", 80, "/dir?a=b&c=d"),
        ("udp://t.example:80?a=b", "t.example", 80, "?a=b"),
        ("udp://127.0.0.1:1/x", "127.0.0.1", 1, "/x"),
        ("udp://[2001:db8::1]:1337/announce", "2001:db8::1", 1337, "/announce"),
    ])
    func `udp URLs give host, port and URL data`(
        text: String, host: String, port: UInt16, data: String
    ) throws {
        guard case .udp(let address) = try TrackerURL(parsing: text) else {
            Issue.record("not udp")
            return
        }
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.urlData == Array(data.utf8))
    }

    @Test(arguments: [
        "", "t.example", "://t.example", "http://", "http:///announce", "udp://t.example",
        "udp://t.example:0", "udp://t.example:65536", "udp://:80", "udp://[::1:80",
        "udp://[1.2.3.4]:80", "udp://a b:80", "udp://user@t.example:80", "http://t/\u{0}",
        "http://t/ö", "udp://" + String(repeating: "a", count: 254) + ":80",
        "http://t/" + String(repeating: "a", count: 2048),
    ])
    func `what is no URL is refused`(text: String) {
        #expect(throws: TrackerError.self) { try TrackerURL(parsing: text) }
    }

    @Test(arguments: ["wss://t.example/", "file:///etc/passwd", "ftp://t.example/announce"])
    func `other schemes are named in the error`(text: String) {
        let scheme = String(text.prefix { $0 != ":" })
        #expect(throws: TrackerError.unsupportedScheme(scheme)) { try TrackerURL(parsing: text) }
    }

    @Test(arguments: [
        "http://t.example/announce?k=1", "udp://t.example:80/x?y", "udp://[::1]:80",
    ])
    func `the text of a URL gives the URL again`(text: String) throws {
        let url = try TrackerURL(parsing: text)
        #expect(url.text == text)
        #expect(try TrackerURL(parsing: url.text) == url)
    }

    @Test func `mutated URLs never crash`() {
        var random = SeededRandom(seed: 7)
        let sample = Array("udp://[2001:db8::1]:1337/announce?x=y#z".utf8)
        for _ in 0..<5000 {
            let text = String(decoding: mutate(sample, &random), as: UTF8.self)
            if let url = try? TrackerURL(parsing: text) {
                #expect((try? TrackerURL(parsing: url.text)) == url)
            }
        }
    }

    @Test func `of a tracker's addresses one is asked, or one of each family`() {
        let v4 = ["9.0.0.1:6969", "9.0.0.2:6969"].compactMap { Endpoint($0) }
        let v6 = ["[2001:4860::1]:6969"].compactMap { Endpoint($0) }
        func chosen(_ all: [Endpoint], publicOnly: Bool = true, both: Bool = true) -> [Endpoint] {
            UDPTrackerAddress.endpoints(among: all, publicOnly: publicOnly, bothFamilies: both)
        }
        #expect(chosen(v6 + v4) == [v4[0], v6[0]])
        #expect(chosen(v6 + v4, both: false) == [v4[0]])
        #expect(chosen(v6, both: false) == v6)
    }

    /// Or a torrent has us talk to every television of the network.
    @Test func `a tracker is neither in the private network nor many machines at once`() {
        let inside = ["127.0.0.1:6969", "192.168.1.1:6969", "[::1]:6969"].compactMap {
            Endpoint($0)
        }
        let many = ["239.255.255.250:1900", "255.255.255.255:9", "0.0.0.0:9", "[ff02::c]:1900"]
            .compactMap { Endpoint($0) }
        #expect(inside.count == 3 && many.count == 4)
        for endpoint in inside + many {
            #expect(
                UDPTrackerAddress.endpoints(
                    among: [endpoint], publicOnly: true, bothFamilies: true) == [])
        }
        for endpoint in many {
            #expect(
                UDPTrackerAddress.endpoints(
                    among: [endpoint], publicOnly: false, bothFamilies: true) == [])
        }
    }
}
