package import DHTProtocol
package import TorrentCore

/// A DHT in one thread: real state machines and hostile nodes, and a simulated clock and network that
/// delays and loses datagrams. The same seed and configuration give the same course.
package final class DHTSimulation {
    /// Share of datagrams that are lost.
    private static let loss = 0.02
    /// Nodes start over this time.
    private static let startTime = Interval.seconds(20)
    /// Earlier honest nodes that each node begins with.
    private static let entrances = 4

    /// Simulated time since the start.
    package private(set) var now = Timestamp.zero
    /// What was found for whom, in order.
    package private(set) var findings: [DHTFinding] = []
    /// Datagrams that honest nodes have sent, by destination: also those to nowhere.
    package private(set) var sentTo: [Endpoint: Int] = [:]
    /// Bytes that each honest node has sent.
    package private(set) var bytesSent: [Int]
    /// The torrent that eclipsing nodes claim to be next to.
    package let eclipsed: SHA1Digest

    var nodes: [SimulatedDHTNode] = []
    var random: SeededRandom
    let hashing: any Hashing
    private var numbers: [Endpoint: Int] = [:]
    private var events = EventQueue<DHTSimulationEvent>()
    /// When a node's timer is to fire, as far as it is in the queue.
    private var timers: [Timestamp?] = []

    /// A DHT of `honest` nodes, the first ones, and of hostile ones after them.
    package init(
        honest: Int, hostile: [DHTHostility], hashing: any Hashing,
        verifier: any SignatureVerifying, seed: UInt64
    ) {
        self.hashing = hashing
        var random = SeededRandom(seed: seed)
        eclipsed = hashing.sha1([UInt8](repeating: 1, count: 8).span)
        bytesSent = Array(repeating: 0, count: honest)
        for number in 0..<honest + hostile.count {
            let endpoint = Self.endpoint(random: &random)
            numbers[endpoint] = number
            if number < honest {
                var state = DHTSavedState()
                state.ids[.v4] = NodeID(address: endpoint.address, random: &random)
                var configuration = DHTConfiguration()
                configuration.families = [.v4]
                configuration.participation = .serving
                let machine = DHTStateMachine(
                    configuration: configuration, saved: state,
                    secret: (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) },
                    hashing: hashing, verifier: verifier, now: now)
                nodes.append(SimulatedDHTNode(endpoint: endpoint, role: .honest(machine)))
            } else {
                let hostility = hostile[number - honest]
                let id =
                    hostility == .eclipsing
                    ? NodeID(eclipsed).neighbour(
                        sharing: 40 + number % 100, random: &random)
                    : NodeID(address: endpoint.address, random: &random)
                nodes.append(
                    SimulatedDHTNode(endpoint: endpoint, role: .hostile(hostility, id)))
            }
        }
        timers = Array(repeating: nil, count: nodes.count)
        self.random = random
        for number in nodes.indices {
            // Of those that are there, the same share is hostile at any time.
            let share =
                number < honest
                ? Double(number) / Double(honest)
                : Double(number - honest) / Double(hostile.count)
            events.add(
                .start(node: number), at: now + .seconds(Self.startTime.seconds * share))
        }
    }

    /// Where a node is.
    package func endpoint(of node: Int) -> Endpoint { nodes[node].endpoint }

    /// An honest node's figures.
    package func statistics(of node: Int) -> DHTStatistics? {
        nodes[node].machine?.statistics(now: now)
    }

    /// Has an honest node do something.
    package func command(_ node: Int, _ body: (inout DHTStateMachine, Timestamp) -> Void) {
        guard case .honest(var machine) = nodes[node].role else { return }
        nodes[node].role = .idle
        body(&machine, now)
        nodes[node].role = .honest(machine)
        carryOut(node)
    }

    /// Goes on for some time.
    package func run(for time: Interval) {
        let end = now + time
        while let (time, event) = events.removeFirst(until: end) {
            now = time
            handle(event)
        }
        now = end
    }

    // MARK: - Events

    private func handle(_ event: DHTSimulationEvent) {
        switch event {
        case .start(let node):
            start(node)
        case .timer(let node):
            guard let due = timers[node], due <= now else { return }
            timers[node] = nil
            command(node) { machine, now in
                if let deadline = machine.nextDeadline, deadline <= now {
                    machine.timerFired(now: now)
                }
            }
        case .deliver(let node, _, _) where !nodes[node].isStarted:
            break
        case .deliver(let node, let datagram, let source):
            if case .hostile(let hostility, let id) = nodes[node].role {
                answer(node, hostility, id, datagram, to: source)
            } else {
                command(node) { $0.received(datagram.span, from: source, now: $1) }
            }
        case .mischief(let node):
            doMischief(node)
            events.add(.mischief(node: node), at: now + .milliseconds(500))
        }
    }

    private func start(_ node: Int) {
        nodes[node].isStarted = true
        if case .hostile = nodes[node].role {
            introduce(node)
            events.add(.mischief(node: node), at: now + jitter(.seconds(1)))
            return
        }
        let entrances = (0..<node).shuffled(using: &random).prefix(Self.entrances)
            .map { nodes[$0].endpoint }
        command(node) { $0.bootstrap(entrances, areRouters: false, now: $1) }
    }

    private func carryOut(_ node: Int) {
        guard case .honest(var machine) = nodes[node].role else { return }
        nodes[node].role = .idle
        let actions = machine.takeActions()
        let deadline = machine.nextDeadline
        nodes[node].role = .honest(machine)
        for action in actions {
            switch action {
            case .send(let datagram, let destination):
                sentTo[destination, default: 0] += 1
                bytesSent[node] += datagram.count
                send(datagram, from: nodes[node].endpoint, to: destination)
            case .peersFound(let torrent, let peers):
                findings.append(
                    DHTFinding(node: node, torrent: torrent, peers: peers, time: now))
            case .searchEnded, .itemLookupEnded, .bootstrapped, .bootstrapFailed:
                break
            }
        }
        guard let deadline else { return }
        if let due = timers[node], due <= deadline { return }
        timers[node] = deadline
        events.add(.timer(node: node), at: max(now, deadline))
    }

    /// Puts a datagram on its way; what has no receiver is lost.
    func send(_ datagram: [UInt8], from source: Endpoint, to destination: Endpoint) {
        guard let node = numbers[destination], Double.random(in: 0..<1, using: &random) >= Self.loss
        else { return }
        let delay = Interval.milliseconds(15) + jitter(.milliseconds(120))
        events.add(.deliver(node: node, datagram: datagram, from: source), at: now + delay)
    }

    func jitter(_ most: Interval) -> Interval {
        Interval(nanoseconds: Int64.random(in: 0...most.nanoseconds, using: &random))
    }

    /// Somewhere on the internet.
    static func endpoint(random: inout SeededRandom) -> Endpoint {
        let networks: [UInt32] = [23, 45, 62, 78, 81, 93, 109, 131, 155, 178, 185, 203]
        let network = networks[Int.random(in: 0..<networks.count, using: &random)]
        return Endpoint(
            address: .v4(network << 24 | UInt32.random(in: 1..<1 << 24, using: &random)),
            port: UInt16.random(in: 1025...(.max), using: &random))
    }
}
