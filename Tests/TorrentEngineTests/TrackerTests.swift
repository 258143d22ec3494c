import Metainfo
import PieceStorage
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite(
    "Trackers hear started, completed and stopped (BEP 3, 15)", .serialized,
    .timeLimit(.minutes(10)))
struct TrackerTests {
    private typealias Entry = AnnounceRecord.Entry
    private static let reply = Array("d8:intervali1800e5:peers0:e".utf8)
    private static let size = 200_000

    /// Reads `count` bytes with a tracker at `url`, stops, and returns once all is over.
    private func run(url: String, record: AnnounceRecord, count: Int) async throws {
        let swarmlet = try Swarmlet(sizes: ["big": Self.size])
        let seeder = try await swarmlet.seeder()
        let reader = try await swarmlet.session {
            $0.peers = ["127.0.0.1:\(seeder.listenPort)"]
            $0.trackers = [url]
        }
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await record.has("started"))
        _ = try await swarmlet.read(torrent, "big", count: count)
        if count == Self.size { #expect(try await record.has("completed")) }
        await reader.stop()
        #expect(try await record.has("stopped"))
        #expect(record.all.last?.event == "stopped")
        await swarmlet.end()
    }

    @Test func `an HTTP tracker hears of a whole download`() async throws {
        let record = AnnounceRecord()
        let server = try HTTPTestServer { exchange in
            record.add(path: exchange.path)
            exchange.answer(Self.reply)
        }
        try await run(url: server.url("/announce"), record: record, count: Self.size)
        let expected = [
            Entry(event: "started", left: Int64(Self.size)), Entry(event: "completed", left: 0),
            Entry(event: "stopped", left: 0),
        ]
        #expect(record.all == expected)
    }

    @Test func `a UDP tracker hears of a whole download`() async throws {
        let tracker = try UDPTestTracker()
        try await run(
            url: "udp://127.0.0.1:\(tracker.port)/announce", record: tracker.record,
            count: Self.size)
        let expected = [
            Entry(event: "started", left: Int64(Self.size)), Entry(event: "completed", left: 0),
            Entry(event: "stopped", left: 0),
        ]
        #expect(tracker.record.all == expected)
    }

    @Test func `whoever has a part only is no seed to a tracker`() async throws {
        let tracker = try UDPTestTracker()
        try await run(
            url: "udp://127.0.0.1:\(tracker.port)/announce", record: tracker.record, count: 10)
        #expect(tracker.record.all.map(\.event) == ["started", "stopped"])
        #expect(tracker.record.all.allSatisfy { $0.left > 0 })
    }

    @Test func `a tracker that never answered started still hears stopped`() async throws {
        let record = AnnounceRecord()
        let server = try HTTPTestServer { exchange in
            record.add(path: exchange.path)
            if exchange.path.contains("event=started") {
                exchange.waitUntilClosed()
            } else {
                exchange.answer(Self.reply)
            }
        }
        try await run(url: server.url("/announce"), record: record, count: 10)
        #expect(record.all.map(\.event) == ["started", "stopped"])
    }

    @Test func `a tracker that names ourselves does not make us a peer`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": Self.size])
        let ourPort = Locked<UInt16>(0)
        let tracker = try HTTPTestServer { exchange in
            let port = ourPort.withLock { $0 }
            let us: [UInt8] = [127, 0, 0, 1, UInt8(port >> 8), UInt8(port & 255)]
            exchange.answer(Array("d8:intervali1800e5:peers6:".utf8) + us + [UInt8(ascii: "e")])
        }
        let session = try await swarmlet.session { $0.trackers = [tracker.url("/announce")] }
        ourPort.withLock { $0 = session.listenPort }
        let torrent = try await swarmlet.add(to: session)
        await #expect(throws: SystemError.self) {
            try await swarmlet.read(torrent, "big", patience: .milliseconds(300))
        }
        #expect(await session.statistics().first?.peers == 0)
        await swarmlet.end()
    }

    /// Else a read would wait for a new seed until the next announce, half an hour.
    @Test func `a read that nobody serves has trackers asked again as soon as they allow`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": Self.size])
        let record = AnnounceRecord()
        // Half a minute is the least that is taken from a tracker.
        let tracker = try HTTPTestServer { exchange in
            record.add(path: exchange.path)
            exchange.answer(Array("d8:intervali1800e12:min intervali30e5:peers0:e".utf8))
        }
        let session = try await swarmlet.session { $0.trackers = [tracker.url("/announce")] }
        let torrent = try await swarmlet.add(to: session)
        let read = try swarmlet.reading(torrent, "big", count: 10)
        #expect(try await record.has(""))
        #expect(record.all.map(\.event).prefix(2) == ["started", ""])
        torrent.store.giveUp()
        _ = await read.result
        await swarmlet.end()
    }
}
