import Swarm
import SwarmSimulation
import Testing
import TorrentCore

/// Readers of a file that an HTTP server has beside peers, and what it costs the server. Time is
/// simulated, so that each number follows from the seed.
@Suite("Reading from a web seed beside peers (BEP 19)")
struct WebSeedTests {
    private static let length: Int64 = 1 << 30
    private static let server = ShapedServer(rate: 20e6, latency: 0.03)

    private static func time(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    private static func simulation(
        peers: [ShapedPeer], _ readers: [FileReader], seed: UInt64
    ) -> ReadingSimulation {
        ReadingSimulation(
            length: length, pieceLength: 1 << 20, peers: peers, server: server, readers: readers,
            seed: seed)
    }

    private static func peers(_ count: Int, rate: Double) -> [ShapedPeer] {
        Array(
            repeating: ShapedPeer(rate: rate, roundTrip: .milliseconds(30)), count: count)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `alone it is read at its own speed`(seed: UInt64) {
        let simulation = Self.simulation(
            peers: [], [FileReader(.sequential(0..<Self.length))], seed: seed)
        simulation.run(until: Self.time(1))
        let before = simulation.counts.downloaded
        simulation.run(until: Self.time(5))
        #expect(Double(simulation.counts.downloaded - before) > 0.95 * 4 * Self.server.rate)
        #expect(simulation.counts.wasted == 0)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `alone it answers random reads in its latency and the time of a piece`(seed: UInt64) {
        let random = FileReader.Pattern.random(
            in: 0..<Self.length, count: 30, pause: .milliseconds(20))
        let simulation = Self.simulation(peers: [], [FileReader(random)], seed: seed)
        #expect(simulation.run(until: Self.time(30)))
        let ideal = Self.server.latency + Double(1 << 20) / Self.server.rate
        #expect(simulation.report(of: 0).latency(quantile: 0.9) < 1.2 * ideal + 0.01)
        // Nothing but the pieces that were read.
        #expect(simulation.serverBytes <= 30 << 20)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `peers that keep up spare it`(seed: UInt64) {
        let simulation = Self.simulation(
            peers: Self.peers(8, rate: 5e6), [FileReader(.sequential(0..<Self.length))],
            seed: seed)
        simulation.run(until: Self.time(6))
        #expect(simulation.counts.downloaded > 200_000_000)
        #expect(simulation.serverBytes * 50 < simulation.counts.downloaded)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `peers that are too slow are helped out at nearly its own speed`(seed: UInt64) {
        let simulation = Self.simulation(
            peers: Self.peers(2, rate: 200_000), [FileReader(.sequential(0..<Self.length))],
            seed: seed)
        simulation.run(until: Self.time(2))
        let before = simulation.counts.downloaded
        simulation.run(until: Self.time(8))
        #expect(Double(simulation.counts.downloaded - before) > 0.8 * 6 * Self.server.rate)
        #expect(simulation.counts.wasted * 10 < simulation.counts.downloaded)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `no read waits much longer where peers stall or die`(seed: UInt64) {
        var peers = Self.peers(4, rate: 5e6)
        for index in peers.indices {
            peers[index].trouble = .dies(at: Self.time(2), silently: index % 2 == 0)
        }
        let random = FileReader.Pattern.random(
            in: 0..<Self.length, count: 40, pause: .milliseconds(100))
        let simulation = Self.simulation(peers: peers, [FileReader(random)], seed: seed)
        #expect(simulation.run(until: Self.time(60)))
        #expect(simulation.report(of: 0).latency(quantile: 1) < 1)
    }
}
