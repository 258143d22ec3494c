import Testing
import TorrentCore

@Suite("Endpoints and addresses (BEP 7, BEP 23, RFC 5952)")
struct EndpointTests {
    @Test(arguments: [
        ("1.2.3.4:5", "1.2.3.4:5"), ("[::1]:6881", "[::1]:6881"),
        ("[2001:DB8:0:0:1:0:0:1]:80", "[2001:db8::1:0:0:1]:80"), ("[::]:1", "[::]:1"),
        ("[fe80::1:2]:9", "[fe80::1:2]:9"), ("[::ffff:1.2.3.4]:7", "1.2.3.4:7"),
    ])
    func `text is read and written in the canonical form`(text: String, canonical: String) {
        #expect(Endpoint(text)?.description == canonical)
    }

    @Test(arguments: [
        "", ":1", "1.2.3.4", "1.2.3:4", "1.2.3.256:1", "1.2.3.4:65536", "1.2.3.4:-1", "::1:5",
        "[::1:5", "[1::2::3]:4", "[12345::]:1", "[1:2:3:4:5:6:7:8:9]:1", "host:1", "[]:1",
    ])
    func `anything else is refused`(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func `the compact form is six or eighteen bytes in network order`() {
        #expect(Endpoint("1.2.3.4:258")?.compactBytes == [1, 2, 3, 4, 1, 2])
        let v6 = Endpoint("[::1]:258")
        #expect(v6?.compactBytes.count == 18)
        #expect(v6.flatMap { Endpoint(compact: $0.compactBytes) } == v6)
        #expect(Endpoint(compact: [1, 2, 3, 4, 5]) == nil)
    }

    @Test func `loopback and unroutable addresses are known`() {
        #expect(IPAddress("127.9.9.9")?.isLoopback == true)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("0.0.0.0")?.isUnroutable == true)
        #expect(IPAddress("224.0.0.1")?.isUnroutable == true)
        #expect(IPAddress("ff02::1")?.isUnroutable == true)
        #expect(IPAddress("8.8.8.8")?.isUnroutable == false)
    }
}
