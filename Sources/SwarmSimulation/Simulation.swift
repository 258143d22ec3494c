import PeerProtocol
import Swarm
package import TorrentCore
import TorrentTree

/// A whole swarm in one thread: real torrent and peer state machines, and a simulated clock and
/// network. The same seed and configuration give the same course, event for event.
package final class Simulation {
    /// What is shared.
    package let content: SimulatedContent
    /// Simulated time since the start.
    package private(set) var now = Timestamp.zero
    /// Depends on every event so far and its time.
    package private(set) var traceHash: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Broken promises, in words; empty in a correct run.
    package internal(set) var violations: [String] = []

    var nodes: [SimulatedNode] = []
    var links: [SimulatedLink] = []
    /// The web seed, the requests that it has got, and the blocks of each piece that it has sent.
    let server: ShapedServer?
    var serverRequests = 0
    package internal(set) var serverBlocks: [PieceIndex: Int] = [:]
    var random: SeededRandom
    private var events = EventQueue<SimulationEvent>()

    /// Nodes by position, all of which know each other's addresses.
    package init(
        content: SimulatedContent, nodes configurations: [NodeConfiguration],
        server: ShapedServer? = nil, seed: UInt64
    ) {
        self.content = content
        self.server = server
        random = SeededRandom(seed: seed)
        for (number, configuration) in configurations.enumerated() {
            let peerID = PeerID(random: &random)
            let have = Bitfield(
                count: content.geometry.pieceCount, allSet: configuration.isSeed)
            var swarm = configuration.swarm
            swarm.peerID = peerID
            var listLimits = PeerList.Configuration()
            listLimits.connectionLimit = 30
            nodes.append(
                SimulatedNode(
                    configuration: configuration, endpoint: Self.endpoint(number),
                    peerID: peerID,
                    torrent: TorrentStateMachine(
                        geometry: content.geometry, have: have,
                        configuration: swarm, seed: random.next(), now: now),
                    list: PeerList(configuration: listLimits, seed: random.next(), now: now),
                    random: SeededRandom(seed: random.next())))
        }
        for number in nodes.indices {
            if server != nil, !configurations[number].isSeed { addServer(to: number) }
            let others = nodes.indices.filter { $0 != number && nodes[$0].configuration.dials }
            nodes[number].list.add(others.map(Self.endpoint), source: .tracker, now: now)
            schedule(.dial(node: number), after: jitter(.milliseconds(200)))
            for plan in configurations[number].plans {
                let reader = nodes[number].readers.count
                let streams = plan.policy.map {
                    ReadaheadStreams(
                        fileLength: Int64(content.bytes.count),
                        pieceLength: content.geometry.pieceLength, phase: 0, policy: $0)
                }
                nodes[number].readers.append(SimulatedNode.Reader(plan: plan, streams: streams))
                nodes[number].report.plannedReads += plan.reads.count
                events.add(.read(node: number, reader: reader), at: plan.start)
            }
            if case .flapping(let period) = configurations[number].behaviour {
                schedule(.flap(node: number, isChoking: true), after: period)
            }
            if let uptime = configurations[number].uptime {
                schedule(.churn(node: number, isUp: false), after: uptime + jitter(uptime))
            }
        }
    }

    /// What became of a node so far.
    package func report(of node: Int) -> NodeReport {
        var report = nodes[node].report
        let statistics = nodes[node].torrent.counts
        report.downloaded = statistics.downloaded
        report.uploaded = statistics.uploaded
        report.wasted = statistics.wasted
        return report
    }

    /// Blocks of each piece that a node has sent.
    package func blocksSent(by node: Int) -> [PieceIndex: Int] { nodes[node].sentOfPiece }

    /// Runs until all planned reads are answered, or time is up. Returns whether they were.
    @discardableResult
    package func run(until end: Timestamp) -> Bool {
        while !isFinished, let (time, event) = events.removeFirst(until: end) {
            now = time
            handle(event)
        }
        return isFinished
    }

    private var isFinished: Bool { nodes.allSatisfy(\.report.isFinished) }

    static func endpoint(_ node: Int) -> Endpoint {
        Endpoint(address: .v4(0x0A00_0001 + UInt32(node)), port: 6881)
    }

    static func node(at endpoint: Endpoint) -> Int? {
        guard case .v4(let address) = endpoint.address else { return nil }
        return Int(address) - 0x0A00_0001
    }

    func schedule(_ event: SimulationEvent, after delay: Interval) {
        events.add(event, at: now + delay)
    }

    func schedule(_ event: SimulationEvent, at time: Timestamp) {
        events.add(event, at: max(now, time))
    }

    /// Between nothing and `most`, by the seed.
    func jitter(_ most: Interval) -> Interval {
        Interval(nanoseconds: Int64.random(in: 0...most.nanoseconds, using: &random))
    }

    func trace(_ kind: UInt64, _ values: Int...) {
        mix(kind)
        mix(UInt64(bitPattern: now.nanoseconds))
        for value in values { mix(UInt64(bitPattern: Int64(value))) }
    }

    private func mix(_ word: UInt64) {
        var word = word
        for _ in 0..<8 {
            traceHash = (traceHash ^ (word & 0xFF)) &* 0x100_0000_01B3
            word >>= 8
        }
    }

    private func handle(_ event: SimulationEvent) {
        switch event {
        case .deliver(let link, let side, let bytes):
            trace(1, link, side, bytes.count)
            deliver(link, side, bytes)
        case .closed(let link, let side):
            trace(2, link, side)
            connectionClosed(link, side)
        case .timer(let node):
            trace(3, node)
            timerFired(node)
        case .upload(let node):
            trace(4, node)
            nodes[node].isUploadScheduled = false
            uploadNext(node)
        case .served(let node, let lane, let attempt, let isFirst):
            trace(10, node, attempt)
            served(node, lane, attempt: attempt, isFirst: isFirst)
        case .hashed(let node, let piece, let bytes, let wantsDigests):
            trace(5, node, piece.value)
            hashed(node, piece, bytes, wantsDigests)
        case .dial(let node):
            trace(6, node)
            dial(node)
        case .churn(let node, let isUp):
            trace(7, node, isUp ? 1 : 0)
            churn(node, isUp: isUp)
        case .read(let node, let reader):
            trace(8, node, reader)
            nextRead(node, reader)
        case .flap(let node, let isChoking):
            trace(9, node, isChoking ? 1 : 0)
            flap(node, isChoking: isChoking)
        }
    }
}
