import Swarm
import SwarmSimulation
import Testing
import TorrentCore
import TorrentTree

@Suite("Readers of the same data divide the seed among them")
struct SharingTests {
    private static let seedRate = 1_000_000.0
    private static let pieceLength = 64 * 1024

    private let content = SimulatedContent(
        length: 100 * pieceLength, pieceLength: pieceLength, seed: 7)

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

    @Test(arguments: [(8, 1), (64, 5)] as [(Int, UInt64)])
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
            #expect((report.finishedAt - .zero).seconds - 3 < ideal * 1.15)
        }
        let sent = Double(simulation.report(of: 0).uploaded) / Double(content.bytes.count)
        #expect(sent < 1.15, "with libtorrent in order this is 4.08")
    }

    /// Readers of mounts, and what serves them unevenly.
    private struct Course {
        var readers = 8
        var delay = Interval.milliseconds(1)
        /// Readers begin within so many seconds of each other.
        var stagger = 0.3
        /// They begin within so much of the data from its start.
        var offset = 0.0
        /// Some read along, announce what they get, and give nobody anything.
        var silent = 0
        /// Some read a piece here and there.
        var scattered = 0
        var isWebSeed = false
        var seed: UInt64 = 1
    }

    private func run(_ course: Course) -> (sent: Double, time: Double, longest: Double) {
        let start = 8.0
        var random = SeededRandom(seed: course.seed)
        var nodes: [NodeConfiguration] = [.seed(uplink: Self.seedRate)]
        if course.isWebSeed { nodes = [] }
        let first = nodes.count
        var policy = ReadaheadPolicy.standard
        policy.confirmation = 4 * Int64(Self.pieceLength)
        policy.slack = policy.confirmation
        policy.smallestWindow = 8 * Int64(Self.pieceLength)
        policy.largestWindow = 64 * Int64(Self.pieceLength)
        for number in 0..<course.readers + course.silent {
            let late = Double.random(in: 0...course.stagger, using: &random)
            var plan = ReadPlan.mounted(
                content.geometry, policy: policy, kernelReadahead: 4,
                start: .zero + .seconds(start + (number == 0 ? 0 : late)))
            let share = Double.random(in: 0...1, using: &random) * course.offset
            plan.reads.removeFirst(number == 0 ? 0 : Int(share * Double(plan.reads.count)))
            var reader = NodeConfiguration.reader(plan, uplink: 100_000_000)
            if number >= course.readers { reader.behaviour = .stalling(afterBlocks: 0) }
            reader.swarm.unchokeSlots = 20
            nodes.append(reader)
        }
        for _ in 0..<course.scattered {
            let reads = stride(from: 3, to: 100, by: 12).map { PieceIndex($0)..<PieceIndex($0 + 1) }
            let plan = ReadPlan(
                reads: reads, pause: .milliseconds(500), start: .zero + .seconds(start))
            nodes.append(.reader(plan, uplink: 100_000_000))
        }
        for number in nodes.indices {
            nodes[number].latency = course.delay
            nodes[number].unevenness = first == 1 && number == 0 ? 1.5 : 0
        }
        let server = ShapedServer(rate: Self.seedRate, latency: 2 * course.delay.seconds)
        let simulation = Simulation(
            content: content, nodes: nodes, server: course.isWebSeed ? server : nil,
            seed: course.seed)
        simulation.run(until: .zero + .seconds(120))
        #expect(simulation.violations.prefix(5) == [])
        let reports = (0..<course.readers).map { simulation.report(of: first + $0) }
        #expect(reports.allSatisfy { $0.isFinished && $0.wrongReads == 0 })
        let end = reports.map { ($0.finishedAt - .zero).seconds - start }.max() ?? .infinity
        let blocks = course.isWebSeed ? simulation.serverBlocks : simulation.blocksSent(by: 0)
        let sent = blocks.values.reduce(0, +) * BlockRequest.standardLength
        return (
            Double(sent) / Double(content.bytes.count), end / ideal,
            reports.flatMap(\.latencies).max() ?? .infinity
        )
    }

    @Test(arguments: [(2, 1, 0.3), (8, 50, 0.3), (16, 1, 2)] as [(Int, Int64, Double)])
    func `a seed that serves them unevenly sends little more than everything once`(
        readers: Int, delay: Int64, stagger: Double
    ) {
        let result = run(
            Course(readers: readers, delay: .milliseconds(delay), stagger: stagger, seed: 11))
        #expect(result.sent < 1.3)
        #expect(result.time < 1.3 + stagger / ideal)
        #expect(result.longest < 3)
    }

    @Test func `a web seed is spared alike`() {
        let result = run(Course(delay: .milliseconds(5), isWebSeed: true, seed: 3))
        #expect(result.sent < 1.3)
        #expect(result.time < 1.3)
        #expect(result.longest < 3)
    }

    @Test func `readers that are elsewhere in the data share what they meet in`() {
        let result = run(Course(offset: 0.5, seed: 5))
        #expect(result.sent < 1.3)
        #expect(result.longest < 4)
    }

    @Test func `readers of a piece here and there hold nobody up`() {
        let result = run(Course(readers: 4, scattered: 3, seed: 6))
        #expect(result.sent < 1.3)
        #expect(result.time < 1.4)
        #expect(result.longest < 3)
    }

    @Test func `readers that give nobody anything cost a few waits, each of them bounded`() {
        let result = run(Course(readers: 4, silent: 2, seed: 7))
        #expect(result.sent < 3)
        #expect(result.time < 3)
        #expect(result.longest < 5)
    }

    @Test func `they share as well where they were connected for long before`() {
        let simulation = swarm(readers: 8, start: 30, seed: 4)
        simulation.run(until: .zero + .seconds(300))
        let sent = Double(simulation.report(of: 0).uploaded) / Double(content.bytes.count)
        #expect(sent < 1.15)
    }

    @Test func `one that reads alone waits for none of the others`() {
        let simulation = swarm(readers: 1, idle: 7, start: 30, seed: 5)
        simulation.run(until: .zero + .seconds(300))
        let report = simulation.report(of: 1)
        #expect(report.isFinished)
        #expect((report.finishedAt - .zero).seconds - 30 < ideal * 1.05 + 0.2)
    }

    @Test func `nor where its peers came a moment before`() {
        let simulation = swarm(readers: 1, idle: 7, start: 2, seed: 6)
        simulation.run(until: .zero + .seconds(300))
        let report = simulation.report(of: 1)
        #expect(report.isFinished)
        #expect((report.finishedAt - .zero).seconds - 2 < ideal * 1.05 + 0.2)
    }
}
