import Swarm
import SwarmSimulation
import Testing
import TorrentCore

@Suite("Downloading under a rate limit")
struct RateLimitTests {
    private static let length: Int64 = 8 << 30

    private static func time(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    private static func simulation(
        limit: Int, pieceLength: Int = 1 << 20, roundTrip: Int64 = 40, _ readers: [FileReader]
    ) -> ReadingSimulation {
        ReadingSimulation(
            length: length, pieceLength: pieceLength,
            peers: Array(
                repeating: ShapedPeer(rate: 5e6, roundTrip: .milliseconds(roundTrip)), count: 8),
            readers: readers, downloadLimit: limit, seed: 7)
    }

    @Test(arguments: [
        (200_000, 40), (1_000_000, 10), (1_000_000, 300), (10_000_000, 40), (10_000_000, 300),
        (30_000_000, 100),
    ])
    func `a stream gets the rate that is allowed, within three percent`(
        limit: Int, roundTrip: Int64
    ) {
        let simulation = Self.simulation(
            limit: limit, roundTrip: roundTrip, [FileReader(.sequential(0..<Self.length / 2))])
        simulation.run(until: Self.time(5))
        let before = simulation.counts.downloaded
        simulation.run(until: Self.time(25))
        let rate = Double(simulation.counts.downloaded - before) / 20
        #expect(abs(rate / Double(limit) - 1) < 0.03)
        #expect(simulation.counts.wasted == 0)
    }

    @Test(arguments: [(100_000, false), (1_000_000, false), (1_000_000, true), (8_000_000, true)])
    func `a web seed counts as much as peers do`(limit: Int, hasPeers: Bool) {
        let peers = Array(
            repeating: ShapedPeer(rate: 100_000, roundTrip: .milliseconds(40)),
            count: hasPeers ? 2 : 0)
        let simulation = ReadingSimulation(
            length: Self.length, pieceLength: 1 << 20, peers: peers,
            server: ShapedServer(rate: 20e6, latency: 0.03),
            readers: [FileReader(.sequential(0..<Self.length / 2))], downloadLimit: limit, seed: 7)
        simulation.run(until: Self.time(5))
        let before = simulation.counts.downloaded
        simulation.run(until: Self.time(45))
        let bytes = Double(simulation.counts.downloaded - before)
        // A run that is made longer than allowed is owed, and may lie across the end.
        #expect(bytes < Double(limit) * 40 + 512 * 1024)
        #expect(bytes > Double(limit) * 40 * 0.9 - 512 * 1024)
        #expect(simulation.serverBytes > 0)
    }

    @Test func `a limit above what the peers send changes nothing`() {
        let simulation = Self.simulation(
            limit: 100_000_000, [FileReader(.sequential(0..<Self.length / 2))])
        simulation.run(until: Self.time(2))
        let before = simulation.counts.downloaded
        simulation.run(until: Self.time(6))
        #expect(Double(simulation.counts.downloaded - before) > 0.95 * 40e6 * 4)
    }

    @Test func `random reads get their pieces at the full rate beside a stream's readahead`() {
        let limit = 4_000_000
        let piece = 256 << 10
        let simulation = Self.simulation(
            limit: limit, pieceLength: piece,
            [
                FileReader(.sequential(0..<Self.length / 2)),
                FileReader(
                    .random(
                        in: Self.length / 2..<Self.length, count: 20, pause: .milliseconds(500)),
                    start: Self.time(3)),
            ])
        simulation.run(until: Self.time(60))
        let report = simulation.report(of: 1)
        #expect(report.isFinished)
        // A piece takes 66 ms at the limit; the stream's own reads, urgent as well, share it.
        #expect(report.latency(quantile: 1) < 0.5)
    }
}
