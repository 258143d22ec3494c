import Swarm
import SwarmSimulation
import Testing
import TorrentCore

/// What a reader gets of a swarm, beside what the links could give. Time is simulated, so that each
/// number follows from the seed; the bounds leave room for other decisions, not for chance.
@Suite("Reading from shaped peers")
struct ReadingTests {
    private static let length: Int64 = 8 << 30
    private static let half = length / 2

    /// A swarm and what it is cut into.
    struct Swarm: Sendable, CustomTestStringConvertible {
        var rates: [Double]
        var roundTrips: [Int64]
        var pieceLength: Int
        var seed: UInt64
        var sendBuffer = 64 << 10
        var jitter: Int64 = 0

        var peers: [ShapedPeer] {
            rates.indices.map { index in
                var peer = ShapedPeer(
                    rate: rates[index],
                    roundTrip: .milliseconds(roundTrips[index % roundTrips.count]))
                peer.sendBuffer = sendBuffer
                peer.jitter = .milliseconds(jitter)
                return peer
            }
        }
        var total: Double { rates.reduce(0, +) }
        /// Seconds in which the links could give a piece, by its best peers.
        var ideal: Double {
            Double(roundTrips.max() ?? 0) / 1000 + Double(pieceLength) / total
        }
        var testDescription: String {
            "\(rates.count) peers, \(Int(total / 1000)) kB/s, \(roundTrips) ms, pieces of \(pieceLength >> 10) KiB, seed \(seed)"
        }
    }

    private static func even(
        _ count: Int, _ rate: Double, _ roundTrip: Int64, _ pieceLength: Int, seed: UInt64,
        sendBuffer: Int = 64 << 10, jitter: Int64 = 0
    ) -> Swarm {
        Swarm(
            rates: Array(repeating: rate, count: count), roundTrips: [roundTrip],
            pieceLength: pieceLength, seed: seed, sendBuffer: sendBuffer, jitter: jitter)
    }

    private static func time(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    private static func simulation(
        _ swarm: Swarm, peers: [ShapedPeer]? = nil, _ readers: [FileReader]
    ) -> ReadingSimulation {
        ReadingSimulation(
            length: length, pieceLength: swarm.pieceLength, peers: peers ?? swarm.peers,
            readers: readers, seed: swarm.seed)
    }

    private static func useful(_ simulation: ReadingSimulation) -> Double {
        Double(simulation.counts.downloaded - simulation.counts.wasted)
    }

    private static func random(_ count: Int, pause: Int64 = 20, start: Double = 0) -> FileReader {
        FileReader(
            .random(in: half..<length, count: count, pause: .milliseconds(pause)),
            start: time(start))
    }

    @Test(arguments: [
        even(8, 5e6, 20, 1 << 20, seed: 1), even(8, 5e6, 20, 256 << 10, seed: 2),
        even(8, 5e6, 20, 4 << 20, seed: 3), even(3, 4e6, 100, 1 << 20, seed: 4, jitter: 10),
        even(20, 1e6, 60, 1 << 20, seed: 5, sendBuffer: 256 << 10),
    ])
    func `a stream gets nearly all that its peers can send from the second second on`(
        swarm: Swarm
    ) {
        let simulation = Self.simulation(swarm, [FileReader(.sequential(0..<Self.half))])
        simulation.run(until: Self.time(1))
        let before = Self.useful(simulation)
        let seconds = swarm.total > 3e7 ? 1.0 : 2
        simulation.run(until: Self.time(1 + seconds))
        #expect(Self.useful(simulation) - before >= 0.95 * swarm.total * seconds)
        #expect(simulation.counts.wasted == 0)
    }

    @Test(arguments: [
        even(8, 5e6, 50, 1 << 20, seed: 1), even(8, 5e6, 50, 256 << 10, seed: 2),
        even(8, 5e6, 50, 4 << 20, seed: 3), even(3, 2e6, 10, 1 << 20, seed: 4),
        even(16, 1e6, 150, 1 << 20, seed: 5),
        Swarm(
            rates: [5e6, 5e6, 1e6, 1e6, 5e5, 5e5], roundTrips: [50], pieceLength: 1 << 20, seed: 6),
        Swarm(
            rates: [3e6, 3e6, 3e6, 3e6], roundTrips: [20, 100], pieceLength: 1 << 20, seed: 7),
    ])
    func `a random read takes a round trip and the swarm's time for one piece`(swarm: Swarm) {
        let simulation = Self.simulation(swarm, [Self.random(24)])
        #expect(simulation.run(until: Self.time(30)))
        // The first ones learn what the peers can do.
        let steady = simulation.report(of: 0).latencies.dropFirst(3).sorted()
        #expect((steady.last ?? .infinity) < 1.1 * swarm.ideal + 0.01)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `eight peers of 5 MB/s in 50 ms answer random reads within 95 ms`(seed: UInt64) {
        let swarm = Self.even(8, 5e6, 50, 1 << 20, seed: seed, jitter: 5)
        let simulation = Self.simulation(swarm, [Self.random(30)])
        #expect(simulation.run(until: Self.time(30)))
        #expect(simulation.report(of: 0).latency(quantile: 0.5) <= 0.095)
        #expect(simulation.report(of: 0).latency(quantile: 0.9) <= 0.115)
    }

    @Test(arguments: [
        even(8, 1e6, 40, 1 << 20, seed: 1), even(8, 1e6, 40, 256 << 10, seed: 2),
        even(8, 1e6, 40, 1 << 20, seed: 3, sendBuffer: 256 << 10),
        even(4, 2e6, 100, 1 << 20, seed: 4),
        Swarm(
            rates: [2e6, 2e6, 2e6, 1e6, 5e5, 5e5], roundTrips: [40], pieceLength: 1 << 20, seed: 5),
    ])
    func `random reads are quick beside a stream that keeps most of its rate`(swarm: Swarm) {
        let simulation = Self.simulation(
            swarm,
            [
                FileReader(.sequential(0..<Self.half)),
                Self.random(1000, pause: 300, start: 2),
            ])
        simulation.run(until: Self.time(8))
        #expect(simulation.report(of: 1).latency(quantile: 0.5) <= 0.4)
        let stream = simulation.report(of: 0).rate(from: Self.time(2), to: Self.time(8))
        #expect(stream >= 0.7 * swarm.total)
        // Blocks that were taken back, and came all the same, are used.
        #expect(simulation.counts.wasted * 25 < simulation.counts.downloaded)
    }

    @Test(arguments: [
        even(8, 1e6, 40, 256 << 10, seed: 1), even(8, 2e6, 40, 1 << 20, seed: 2),
        Swarm(
            rates: [5e6, 2e6, 1e6, 5e5], roundTrips: [20, 80], pieceLength: 512 << 10, seed: 3),
    ])
    func `no reader of many starves`(swarm: Swarm) {
        let streams = (0..<4 as Range<Int64>).map {
            FileReader(.sequential(($0 << 29)..<(($0 + 1) << 29)))
        }
        let randoms = (0..<16).map { _ in Self.random(10_000, pause: 0) }
        let simulation = Self.simulation(swarm, streams + randoms)
        simulation.run(until: Self.time(8))
        // What a random read costs is a piece.
        let shares = (0..<20).map { reader in
            let report = simulation.report(of: reader)
            return reader < 4
                ? report.rate(from: .zero, to: Self.time(8)) * 8
                : Double(report.reads.count * swarm.pieceLength)
        }
        let mean = shares.reduce(0, +) / 20
        #expect((shares.min() ?? 0) >= mean / 3)
    }

    private static let mixed = [
        Swarm(
            rates: [5e6, 5e6, 5e6, 5e6, 2e6, 2e6, 5e5, 5e5], roundTrips: [50],
            pieceLength: 1 << 20, seed: 1),
        Swarm(
            rates: [5e6, 5e6, 5e6, 5e6, 2e6, 2e6, 5e5, 5e5], roundTrips: [20],
            pieceLength: 256 << 10, seed: 2),
        Swarm(
            rates: [2e6, 2e6, 2e6, 1e6, 1e6, 2e5], roundTrips: [100, 40], pieceLength: 1 << 20,
            seed: 3),
        Swarm(
            rates: [5e6, 5e6, 5e6, 5e6, 5e6, 5e5], roundTrips: [40], pieceLength: 4 << 20,
            seed: 4),
    ]

    @Test(arguments: [(0, true), (0, false), (1, true), (2, false), (3, true)])
    func `no read waits three times as long because peers stall, die or choke`(
        number: Int, supportsFast: Bool
    ) {
        let swarm = Self.mixed[number]
        var peers = swarm.peers
        for index in peers.indices { peers[index].supportsFast = supportsFast }
        let idle = Self.simulation(swarm, peers: peers, [Self.random(20, pause: 100)])
        #expect(idle.run(until: Self.time(60)))
        peers[0].trouble = .stalls(start: Self.time(2), time: .seconds(5), period: .seconds(60))
        peers[1].trouble = .chokes(period: .seconds(3), time: .seconds(1))
        peers[4].trouble = .dies(at: Self.time(4), silently: swarm.seed % 2 == 0)
        let troubled = Self.simulation(swarm, peers: peers, [Self.random(36, pause: 100)])
        #expect(troubled.run(until: Self.time(60)))
        let worst = troubled.report(of: 0).latency(quantile: 1)
        #expect(worst < 3 * idle.report(of: 0).latency(quantile: 0.9))
    }

    @Test func `a peer that stalled has its share again soon after`() {
        let swarm = Self.even(4, 1e6, 40, 1 << 20, seed: 1)
        var peers = swarm.peers
        for index in 0..<2 {
            peers[index].trouble = .stalls(
                start: Self.time(1), time: .seconds(3), period: .seconds(60))
            peers[index].supportsFast = index == 0
        }
        let simulation = Self.simulation(swarm, peers: peers, [Self.random(45, pause: 50)])
        #expect(simulation.run(until: Self.time(60)))
        let after = simulation.report(of: 0).reads.filter { $0.start > Self.time(10) }
        #expect(after.count > 5)
        for read in after { #expect((read.end - read.start).seconds < 1.15 * swarm.ideal + 0.02) }
    }

    @Test func `a client's own link may be the limit`() {
        let swarm = Self.even(12, 2e6, 40, 1 << 20, seed: 1)
        let simulation = ReadingSimulation(
            length: Self.length, pieceLength: swarm.pieceLength, peers: swarm.peers,
            readers: [FileReader(.sequential(0..<Self.half)), Self.random(1000, pause: 300)],
            downlink: 6e6, seed: 1)
        simulation.run(until: Self.time(8))
        #expect(Self.useful(simulation) >= 0.9 * 8 * 6e6)
        #expect(simulation.report(of: 1).latency(quantile: 0.5) < 0.8)
    }
}
