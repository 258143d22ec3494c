import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentEngine

/// Whoever wrote a torrent must not make us ask hosts of our own network (server-side request
/// forgery), however the address is written.
@Suite(
    "Trackers that a torrent names do not lead into the private network", .serialized,
    .timeLimit(.minutes(10)))
struct TrackerForgeryTests {
    private static let answer = Array("d8:intervali1800e5:peers0:e".utf8)

    /// Adds a magnet link with this tracker until it is said that it is not asked.
    private static func isRefused(
        _ url: String, _ swarmlet: Swarmlet, _ session: Session
    ) async throws -> Bool {
        let refused = Signal()
        let magnet = MagnetLink(identity: swarmlet.metainfo.info.identity, trackers: [url])
        let adding = Task {
            try await session.add(.magnet(magnet)) {
                if $0 == .trackerIsPrivate(url: url) { refused.fire() }
            }
        }
        let result = try await refused.hasFired()
        adding.cancel()
        _ = await adding.result
        return result
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
    func `over HTTP`(host: String) async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1000])
        let tracker = try HTTPTestServer { $0.answer(Self.answer) }
        let session = try await swarmlet.session { $0.allowsPrivateURLs = false }
        let url = "http://\(host):\(tracker.port)/announce"
        #expect(try await Self.isRefused(url, swarmlet, session))
        #expect(tracker.requestCount == 0)
        await swarmlet.end()
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `over UDP`(host: String) async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1000])
        let tracker = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let session = try await swarmlet.session { $0.allowsPrivateURLs = false }
        let url = "udp://\(host):\(tracker.endpoint.port)/announce"
        #expect(try await Self.isRefused(url, swarmlet, session))
        #expect(tracker.receive() == nil)
        await swarmlet.end()
    }

    @Test func `one that the user names is asked, and so is any where they say so`() async throws {
        let swarmlet = try Swarmlet(sizes: ["a": 1000])
        for isNamed in [true, false] {
            let tracker = try HTTPTestServer { $0.answer(Self.answer) }
            let url = tracker.url("/announce")
            let session = try await swarmlet.session {
                $0.allowsPrivateURLs = !isNamed
                if isNamed { $0.trackers = [url] }
            }
            let magnet = MagnetLink(identity: swarmlet.metainfo.info.identity, trackers: [url])
            let adding = Task { try await session.add(.magnet(magnet)) { _ in } }
            #expect(try await blocking { tracker.waitForRequests(1) })
            adding.cancel()
            _ = await adding.result
        }
        await swarmlet.end()
    }
}
