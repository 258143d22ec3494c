import Swarm
import SwarmSimulation
import Testing
import TorrentCore

@Suite("A simulated swarm")
struct SimulatedSwarmTests {
    private static let pieceLength = 128 * 1024

    private static func content(pieces: Int, last: Int = 5000) -> SimulatedContent {
        SimulatedContent(
            length: (pieces - 1) * pieceLength + last, pieceLength: pieceLength, seed: 7)
    }

    private static func seconds(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    /// Every read answered, with the source's bytes, and no promise broken.
    private func expectSound(_ simulation: Simulation, nodes: Int) {
        #expect(simulation.violations.prefix(5) == [])
        for node in 0..<nodes {
            let report = simulation.report(of: node)
            #expect(report.wrongReads == 0)
            #expect(report.isFinished, "node \(node)")
        }
    }

    private static func random(
        _ content: SimulatedContent, _ count: Int, _ seed: UInt64, pause: Interval
    ) -> ReadPlan {
        var random = SeededRandom(seed: seed)
        let reads = (0..<count).map { _ in
            let first = Int.random(in: 0..<content.geometry.pieceCount, using: &random)
            let end = min(
                content.geometry.pieceCount, first + Int.random(in: 1...3, using: &random))
            return PieceIndex(first)..<PieceIndex(end)
        }
        return ReadPlan(reads: reads, pause: pause)
    }

    private static func churningSwarm(seed: UInt64) -> (Simulation, Int) {
        let content = content(pieces: 48)
        var nodes: [NodeConfiguration] = [.seed(), .seed(uplink: 500_000)]
        nodes.append(.seed(behaviour: .corrupting(share: 0.1)))
        nodes.append(.seed(behaviour: .stalling(afterBlocks: 40)))
        nodes.append(.seed(behaviour: .flapping(period: .seconds(3))))
        nodes.append(.seed(behaviour: .lying(rejects: true)))
        nodes.append(.seed(behaviour: .lying(rejects: false)))
        nodes.append(.seed(behaviour: .closing(afterBytes: 100_001)))
        for number in 0..<12 {
            var node: NodeConfiguration =
                number % 2 == 0
                ? .reader(.whole(content.geometry))
                : .reader(
                    random(content, 12, UInt64(number), pause: .milliseconds(300)),
                    random(content, 6, UInt64(number) + 100, pause: .seconds(1)))
            if number % 3 == 0 { node.uptime = .seconds(8) }
            nodes.append(node)
        }
        return (Simulation(content: content, nodes: nodes, seed: seed), nodes.count)
    }

    @Test(arguments: [1, 2, 3])
    func `twenty nodes with churn and every kind of adversary read the source's bytes`(
        seed: UInt64
    ) {
        let (simulation, count) = Self.churningSwarm(seed: seed)
        simulation.run(until: Self.seconds(600))
        expectSound(simulation, nodes: count)
        // The corrupting seed, and nobody else, was found out.
        for node in 0..<count {
            #expect(Set(simulation.report(of: node).banned).isSubset(of: [2]))
        }
        #expect((0..<count).contains { !simulation.report(of: $0).banned.isEmpty })
    }

    @Test func `the same seed gives the same course, another seed another`() {
        let runs = [5, 5, 6].map { (seed: UInt64) in
            let (simulation, count) = Self.churningSwarm(seed: seed)
            simulation.run(until: Self.seconds(600))
            return (simulation.traceHash, (0..<count).map { simulation.report(of: $0) })
        }
        #expect(runs[0].0 == runs[1].0)
        #expect(runs[0].1 == runs[1].1)
        #expect(runs[0].0 != runs[2].0)
    }

    @Test func `a seeder's whole uplink is used by one sequential reader`() {
        let content = Self.content(pieces: 80)
        let simulation = Simulation(
            content: content,
            nodes: [.seed(uplink: 4_000_000), .reader(.whole(content.geometry, readahead: 16))],
            seed: 1)
        simulation.run(until: Self.seconds(60))
        expectSound(simulation, nodes: 2)
        let report = simulation.report(of: 1)
        let ideal = Double(content.bytes.count) / 4_000_000
        #expect(report.finishedAt < Self.seconds(ideal * 1.15 + 0.5))
        #expect(report.wasted == 0)
    }

    @Test func `a cold read is striped over all seeds`() {
        let content = Self.content(pieces: 40)
        var nodes: [NodeConfiguration] = (0..<8).map { _ in .seed(uplink: 250_000) }
        let reads = [3, 17, 9, 30, 22, 11].map { PieceIndex($0)..<PieceIndex($0 + 1) }
        nodes.append(.reader(ReadPlan(reads: reads, pause: .seconds(1), start: Self.seconds(2))))
        let simulation = Simulation(content: content, nodes: nodes, seed: 3)
        simulation.run(until: Self.seconds(60))
        expectSound(simulation, nodes: nodes.count)
        // One seed alone takes 0.52 s for a piece; eight together 0.066 s, and a round trip; twice
        // that where a block was late and asked of another.
        for latency in simulation.report(of: 8).latencies.dropFirst(2) {
            #expect(latency < 0.26)
        }
    }

    @Test func `a seek is answered quickly while a stream saturates every peer`() {
        let content = Self.content(pieces: 300)
        var nodes: [NodeConfiguration] = (0..<4).map { _ in .seed(uplink: 500_000) }
        let seeks = stride(from: 299, to: 270, by: -3).map { PieceIndex($0)..<PieceIndex($0 + 1) }
        nodes.append(
            .reader(
                .whole(content.geometry, readahead: 24),
                ReadPlan(reads: seeks, pause: .seconds(1), start: Self.seconds(4))))
        let simulation = Simulation(content: content, nodes: nodes, seed: 3)
        simulation.run(until: Self.seconds(120))
        expectSound(simulation, nodes: nodes.count)
        let ideal = Double(content.bytes.count) / 2_000_000
        #expect(simulation.report(of: 4).finishedAt < Self.seconds(ideal * 1.25 + 2))
        let worst = simulation.report(of: 4).latencies.max() ?? 0
        #expect(worst < 1.5)
    }

    @Test func `a corrupting peer is found and banned, and nobody else`() {
        let content = Self.content(pieces: 40)
        let nodes: [NodeConfiguration] = [
            .seed(), .seed(), .seed(behaviour: .corrupting(share: 0.3)),
            .reader(.whole(content.geometry)),
        ]
        let simulation = Simulation(content: content, nodes: nodes, seed: 4)
        simulation.run(until: Self.seconds(120))
        expectSound(simulation, nodes: nodes.count)
        let report = simulation.report(of: 3)
        #expect(Set(report.banned) == [2])
        #expect(report.failedPieces > 0)
        #expect(report.failedPieces < 12)
    }

    @Test func `a stalling peer delays a read by seconds, not for ever`() {
        let content = Self.content(pieces: 40)
        let nodes: [NodeConfiguration] = [
            .seed(uplink: 1_000_000),
            .seed(uplink: 8_000_000, behaviour: .stalling(afterBlocks: 30)),
            .reader(.whole(content.geometry)),
        ]
        let simulation = Simulation(content: content, nodes: nodes, seed: 5)
        simulation.run(until: Self.seconds(120))
        expectSound(simulation, nodes: nodes.count)
        let worst = simulation.report(of: 2).latencies.max() ?? 0
        #expect(worst < 3.5)
    }

    @Test func `a peer that only stalls is alone, so its reader waits for another`() {
        let content = Self.content(pieces: 4)
        let nodes: [NodeConfiguration] = [
            .seed(behaviour: .stalling(afterBlocks: 3)), .reader(.whole(content.geometry)),
        ]
        let simulation = Simulation(content: content, nodes: nodes, seed: 5)
        #expect(!simulation.run(until: Self.seconds(120)))
        #expect(simulation.violations == [])
        #expect(simulation.report(of: 1).wrongReads == 0)
    }

    @Test func `a peer that chokes every few seconds still gives what it can`() {
        let content = Self.content(pieces: 40)
        let nodes: [NodeConfiguration] = [
            .seed(uplink: 500_000, behaviour: .flapping(period: .seconds(2))),
            .reader(.whole(content.geometry)),
        ]
        let simulation = Simulation(content: content, nodes: nodes, seed: 6)
        simulation.run(until: Self.seconds(120))
        expectSound(simulation, nodes: nodes.count)
        let ideal = Double(content.bytes.count) / 500_000
        #expect(simulation.report(of: 1).finishedAt < Self.seconds(ideal * 1.5 + 3))
    }

    @Test(arguments: [true, false])
    func `a peer that lies about what it has costs little`(rejects: Bool) {
        let content = Self.content(pieces: 40)
        let nodes: [NodeConfiguration] = [
            .seed(uplink: 1_000_000), .seed(behaviour: .lying(rejects: rejects)),
            .reader(.whole(content.geometry)),
        ]
        let simulation = Simulation(content: content, nodes: nodes, seed: 7)
        simulation.run(until: Self.seconds(120))
        expectSound(simulation, nodes: nodes.count)
        let ideal = Double(content.bytes.count) / 1_000_000
        #expect(simulation.report(of: 2).finishedAt < Self.seconds(ideal * 1.2 + 4))
    }

    @Test func `readers of the same torrent share what they fetched`() {
        let content = Self.content(pieces: 60)
        var nodes: [NodeConfiguration] = [.seed(uplink: 1_000_000)]
        for _ in 0..<5 {
            nodes.append(.reader(.whole(content.geometry, readahead: 30), uplink: 2_000_000))
        }
        let simulation = Simulation(content: content, nodes: nodes, seed: 8)
        simulation.run(until: Self.seconds(300))
        expectSound(simulation, nodes: nodes.count)
        let total = Double(content.bytes.count)
        let fromSeed = Double(simulation.report(of: 0).uploaded)
        #expect(fromSeed < total * 3.5)
        // Five copies over the seed's uplink alone would take this long.
        let alone = total * 5 / 1_000_000
        for node in 1...5 {
            #expect(simulation.report(of: node).finishedAt < Self.seconds(alone * 0.7))
        }
    }

    @Test func `a connection may close at every byte of a transfer`() async {
        let content = SimulatedContent(length: 40_000, pieceLength: 32 * 1024, seed: 3)
        // Handshake, messages, and a whole block; then samples of what follows.
        let cuts = Array(1..<1200) + Array(stride(from: 1200, to: 42_000, by: 41))
        for cut in cuts {
            let nodes: [NodeConfiguration] = [
                .seed(behaviour: .closing(afterBytes: cut)), .seed(uplink: 20_000),
                .reader(.whole(content.geometry)),
            ]
            let simulation = Simulation(content: content, nodes: nodes, seed: UInt64(cut))
            simulation.run(until: Self.seconds(60))
            #expect(simulation.violations == [], "cut at \(cut)")
            #expect(simulation.report(of: 2).isFinished, "cut at \(cut)")
            #expect(simulation.report(of: 2).wrongReads == 0, "cut at \(cut)")
            // Many seconds in all: the tests beside this one share its threads.
            await Task.yield()
        }
    }

    @Test func `a small budget of buffers is kept and still reads everything`() {
        let content = Self.content(pieces: 40)
        var reader = NodeConfiguration.reader(
            .whole(content.geometry, readahead: 20),
            Self.random(content, 20, 9, pause: .milliseconds(100)))
        reader.swarm.bufferBytes = 3 * Self.pieceLength
        let simulation = Simulation(
            content: content, nodes: [.seed(), .seed(), reader], seed: 10)
        simulation.run(until: Self.seconds(120))
        expectSound(simulation, nodes: 3)
    }

    @Test func `an interrupted world leaves nobody with wrong bytes`() {
        for seed in UInt64(20)..<23 {
            let (simulation, count) = Self.churningSwarm(seed: seed)
            simulation.run(until: Self.seconds(Double(seed)))
            #expect(simulation.violations.prefix(5) == [])
            for node in 0..<count { #expect(simulation.report(of: node).wrongReads == 0) }
        }
    }
}
