import Testing
import TorrentCore

@testable import FUSEBridge

@Suite("A thread that answered quickly looks for the next request before it sleeps")
struct BusyPollingTests {
    private let start = Timestamp.zero + .seconds(5)

    @Test func `after a quick answer, for some microseconds`() throws {
        let polling = BusyPolling()
        let end = start + .microseconds(10)
        let until = try #require(polling.begin(after: start, end))
        #expect(until > end)
        #expect(until - end < .milliseconds(1))
    }

    @Test func `not after an answer that took long`() {
        let polling = BusyPolling()
        #expect(polling.begin(after: start, start + .milliseconds(1)) == nil)
    }

    @Test func `one thread at a time`() {
        let polling = BusyPolling()
        let end = start + .microseconds(1)
        #expect(polling.begin(after: start, end) != nil)
        #expect(polling.begin(after: start, end) == nil)
        polling.end()
        #expect(polling.begin(after: start, end) != nil)
    }
}
