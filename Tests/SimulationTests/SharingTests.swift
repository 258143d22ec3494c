import Swarm
import SwarmSimulation
import Testing
import TorrentCore

@Suite("Readers of the same data divide the seed among them")
struct SharingTests {
    private static let seedRate = 2_000_000.0

    private let content = SimulatedContent(
        length: 100 * 128 * 1024, pieceLength: 128 * 1024, seed: 7)

    private var ideal: Double { Double(content.bytes.count) / Self.seedRate }

    /// One slow seed, and readers near to each other that begin together.
    private func swarm(
        readers: Int, idle: Int = 0, start: Double, window: Int = 64, seed: UInt64
    ) -> Simulation {
        var nodes: [NodeConfiguration] = [.seed(uplink: Self.seedRate)]
        for _ in 0..<readers {
            nodes.append(
                .reader(
                    .whole(
                        content.geometry, readahead: window,
                        start: .zero + .seconds(start)), uplink: 100_000_000))
        }
        for _ in 0..<idle { nodes.append(.reader(uplink: 100_000_000)) }
        for number in nodes.indices { nodes[number].latency = .milliseconds(1) }
        return Simulation(content: content, nodes: nodes, seed: seed)
    }

    @Test(arguments: [(8, 1), (32, 3), (64, 5)] as [(Int, UInt64)])
    func `eight that read in order at once have the seed send everything once, or little more`(
        window: Int, seed: UInt64
    ) {
        let simulation = swarm(readers: 8, start: 3, window: window, seed: seed)
        simulation.run(until: .zero + .seconds(300))
        #expect(simulation.violations.prefix(5) == [])
        for node in 1...8 {
            let report = simulation.report(of: node)
            #expect(report.isFinished)
            #expect(report.wrongReads == 0)
            #expect((report.finishedAt - .zero).seconds - 3 < ideal * 1.3)
        }
        let sent = Double(simulation.report(of: 0).uploaded) / Double(content.bytes.count)
        #expect(sent < 1.3, "with libtorrent in order this is 4.08")
    }

    @Test func `they share as well where they were connected for long before`() {
        let simulation = swarm(readers: 8, start: 30, seed: 4)
        simulation.run(until: .zero + .seconds(300))
        let sent = Double(simulation.report(of: 0).uploaded) / Double(content.bytes.count)
        #expect(sent < 2)
    }

    @Test func `one that reads alone waits for none of the others`() {
        let simulation = swarm(readers: 1, idle: 7, start: 30, seed: 5)
        simulation.run(until: .zero + .seconds(300))
        let report = simulation.report(of: 1)
        #expect(report.isFinished)
        #expect((report.finishedAt - .zero).seconds - 30 < ideal * 1.05 + 0.2)
    }

    @Test func `one whose peers came a moment before waits a few turns, and then no more`() {
        let simulation = swarm(readers: 1, idle: 7, start: 2, seed: 6)
        simulation.run(until: .zero + .seconds(300))
        let report = simulation.report(of: 1)
        #expect(report.isFinished)
        #expect((report.finishedAt - .zero).seconds - 2 < ideal + 5)
    }
}
