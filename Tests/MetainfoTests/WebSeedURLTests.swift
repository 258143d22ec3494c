import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("URLs of web seeds (BEP 19)")
struct WebSeedURLTests {
    private static func info(_ paths: [[String]]) throws -> InfoDictionary {
        let tail = "4:name6:my set12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhh"
        let files = paths.map { path in
            let names = path.map { "\($0.utf8.count):\($0)" }.joined()
            return "d6:lengthi10e4:pathl\(names)ee"
        }
        let text =
            paths.isEmpty
            ? "d6:lengthi10e" + tail + "e" : "d5:filesl\(files.joined())e" + tail + "e"
        return try InfoDictionary(parsing: Array(text.utf8), hashing: OpenSSLHashing())
    }

    @Test func `a single file is at the URL, or below a URL that ends in a slash`() throws {
        let info = try Self.info([])
        let file = FileIndex(0)
        #expect(WebSeedURL("http://h/f.bin")?.url(of: file, in: info) == "http://h/f.bin")
        #expect(WebSeedURL("http://h/d/")?.url(of: file, in: info) == "http://h/d/my%20set")
        #expect(WebSeedURL("https://h")?.url(of: file, in: info) == "https://h")
    }

    @Test func `several files are below the torrent's name`() throws {
        let info = try Self.info([["a b", "é+.txt"], ["~c-d_e.f"], ["%2F&?#"]])
        for base in ["http://h/d", "http://h/d/"] {
            let url = try #require(WebSeedURL(base))
            #expect(
                (0..<3).map { url.url(of: FileIndex($0), in: info) } == [
                    "http://h/d/my%20set/a%20b/%C3%A9%2B.txt", "http://h/d/my%20set/~c-d_e.f",
                    "http://h/d/my%20set/%252F%26%3F%23",
                ])
        }
    }

    @Test func `a path that would leave the server's folder has no URL`() throws {
        let info = try Self.info([["..", "etc"], ["."], ["a/b"]])
        let url = try #require(WebSeedURL("http://h/d/"))
        #expect(url.url(of: FileIndex(0), in: info) == nil)
        #expect(url.url(of: FileIndex(1), in: info) == nil)
        #expect(url.url(of: FileIndex(2), in: info) == "http://h/d/my%20set/a%2Fb")
    }

    @Test(arguments: [
        "", "h/d", "ftp://h/d", "file:///etc/passwd", "http:/h", "http://", "http:///d",
        "http://h/a b", "http://h/\n", "http://h/" + String(repeating: "x", count: 9000),
    ])
    func `what is no URL of a server is none`(text: String) {
        #expect(WebSeedURL(text) == nil)
    }
}
