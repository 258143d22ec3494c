import Swarm
import Testing
import TorrentCore

@Suite("Answers of web seeds (RFC 9110)")
struct WebSeedResponseTests {
    @Test func `ranges are read as they are written`() {
        #expect(ContentRange("bytes 0-499/1234")?.bytes == 0..<500)
        #expect(ContentRange("bytes 0-499/1234")?.total == 1234)
        #expect(ContentRange("Bytes 500-500/*")?.bytes == 500..<501)
        #expect(ContentRange("bytes 500-500/*")?.total == nil)
        #expect(ContentRange("bytes */1234")?.total == 1234)
        #expect(ContentRange("bytes */1234")?.bytes == nil)
    }

    @Test(arguments: [
        "", "bytes", "bytes ", "bytes 5-4/10", "bytes 0-10/10", "bytes -5/10", "bytes 5-/10",
        "bytes 0-9", "bytes 0-9/", "bytes 0-9/10/11", "bytes +0-9/10", "bytes 0x0-9/10",
        "items 0-9/10", "bytes */*", "bytes 0-9223372036854775807/*",
        "bytes 0-9/99999999999999999999", "bytes 0-1,4-5/10", "bytes 0-9/10 x",
    ])
    func `what is no range is refused`(text: String) {
        #expect(ContentRange(text) == nil)
    }

    private static func check(
        _ response: WebSeedResponse, _ range: Range<Int64> = 100..<200, of length: Int64 = 1000
    ) -> WebSeedFailure? {
        do throws(WebSeedFailure) {
            try response.check(range, fileLength: length)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a part is taken where it is exactly the one asked for`() {
        let part = WebSeedResponse(
            status: 206, contentRange: "bytes 100-199/1000", contentLength: "100")
        #expect(Self.check(part) == nil)
        #expect(Self.check(part, 100..<201) == .wrongRange)
        #expect(Self.check(part, 99..<200) == .wrongRange)
        #expect(Self.check(part, of: 999) == .wrongLength)
        var other = part
        other.contentRange = "bytes 100-199/*"
        #expect(Self.check(other) == nil)
        other.contentRange = nil
        #expect(Self.check(other) == .wrongRange)
        other = part
        other.contentLength = "101"
        #expect(Self.check(other) == .wrongRange)
        other.contentLength = "nonsense"
        #expect(Self.check(other) == nil)
    }

    @Test func `the whole file is taken where all of it was asked for`() {
        let whole = WebSeedResponse(status: 200, contentLength: "1000")
        #expect(Self.check(whole, 0..<1000) == nil)
        #expect(Self.check(whole, 0..<999) == .ignoresRanges)
        #expect(Self.check(whole) == .ignoresRanges)
        #expect(Self.check(WebSeedResponse(status: 200), 0..<1000) == nil)
        #expect(
            Self.check(WebSeedResponse(status: 200, contentLength: "999"), 0..<1000) == .wrongLength
        )
    }

    @Test func `what is encoded is not taken`() {
        var part = WebSeedResponse(
            status: 206, contentRange: "bytes 100-199/1000", contentEncoding: "gzip")
        #expect(Self.check(part) == .encoded)
        part.contentEncoding = "identity"
        #expect(Self.check(part) == nil)
    }

    @Test(arguments: [301, 302, 304, 400, 401, 403, 404, 410, 204, 100])
    func `a status that stays is about the file`(status: Int) {
        #expect(Self.check(WebSeedResponse(status: status)) == .refused(status: status))
    }

    @Test func `a range past the end is another file`() {
        let response = WebSeedResponse(status: 416, contentRange: "bytes */50")
        #expect(Self.check(response) == .wrongLength)
    }

    @Test func `a pause is as long as the server wants, up to an hour`() {
        var response = WebSeedResponse(status: 429, retryAfter: "30")
        #expect(Self.check(response) == .busy(status: 429, retryAfter: .seconds(30)))
        response.retryAfter = "99999999"
        #expect(Self.check(response) == .busy(status: 429, retryAfter: .seconds(3600)))
        response.retryAfter = "Wed, 21 Oct 2026 07:28:00 GMT"
        #expect(Self.check(response) == .busy(status: 429, retryAfter: nil))
        for status in [408, 500, 502, 503, 504] {
            #expect(
                Self.check(WebSeedResponse(status: status))
                    == .busy(status: status, retryAfter: nil))
        }
    }
}
