import Reactor
import Testing
import TorrentCore
import TorrentEngine
import TrackerProtocol

@Suite(
    "The status tells what trackers know of a torrent (BEP 48)", .serialized,
    .timeLimit(.minutes(10)))
struct ScrapeTests {
    private typealias Counts = TrackerCensus.Counts

    /// What the status says of the first tracker, once that is as wanted; else what it said last.
    private func tracker(
        _ url: String, until isWanted: (TorrentTrackerStatistics) -> Bool
    ) async throws -> TorrentTrackerStatistics? {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let session = try await swarmlet.session { $0.trackers = [url] }
        _ = try await swarmlet.add(to: session)
        var last: TorrentTrackerStatistics?
        let deadline = Timestamp.now() + .seconds(Wire.patience)
        while Timestamp.now() < deadline {
            last = await session.statistics().first?.trackers.first
            if let last, isWanted(last) { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        await swarmlet.end()
        return last
    }

    @Test func `a UDP tracker is scraped after it has answered`() async throws {
        let server = try UDPTestTracker()
        let url = "udp://127.0.0.1:\(server.port)/announce"
        let tracker = try await tracker(url) { $0.counts.completed != nil }
        #expect(tracker?.url == url)
        #expect(tracker?.counts == Counts(seeds: 5, leechers: 7, completed: 6))
    }

    @Test func `an HTTP tracker is scraped after it has answered`() async throws {
        let server = try HTTPTestServer { exchange in
            guard exchange.path.hasPrefix("/scrape?info_hash=") else {
                return exchange.answer(Array("d8:intervali1800e5:peers0:e".utf8))
            }
            let hash = exchange.path.split(separator: "=").last ?? ""
            exchange.answer(
                Array("d5:filesd20:".utf8) + Self.unescaped(hash)
                    + Array("d8:completei5e10:downloadedi6e10:incompletei7eeee".utf8))
        }
        let tracker = try await tracker(server.url("/announce")) { $0.counts.completed != nil }
        #expect(tracker?.counts == Counts(seeds: 5, leechers: 7, completed: 6))
    }

    @Test func `what an announce tells is shown where the tracker knows no scrapes`() async throws {
        let server = try HTTPTestServer { exchange in
            if exchange.path.hasPrefix("/announce") {
                exchange.answer(
                    Array("d8:completei3e10:incompletei4e8:intervali1800e5:peers0:e".utf8))
            } else {
                exchange.answer(Array("no".utf8), status: "404 Not Found")
            }
        }
        let tracker = try await tracker(server.url("/announce")) { $0.counts.seeds != nil }
        #expect(tracker?.counts == Counts(seeds: 3, leechers: 4, completed: nil))
        #expect(tracker?.lastError == nil)
    }

    @Test func `a tracker that refuses is shown with its reason`() async throws {
        let server = try HTTPTestServer { exchange in
            exchange.answer(Array("d14:failure reason12:unregisterede".utf8))
        }
        let tracker = try await tracker(server.url("/announce")) { $0.lastError != nil }
        #expect(tracker?.counts == Counts())
        #expect(tracker?.lastError?.contains("unregistered") == true)
    }

    private static func unescaped(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
