import DHTProtocol
import Glibc
import Reactor
import Synchronization
import TorrentCore
import TorrentCrypto

/// Nodes of a local DHT on one event loop.
actor DHTNodes: EventLoopDriver {
    private struct Node {
        let socket: DatagramSocket
        var machine: DHTStateMachine
    }

    private static let datagramsPerTurn = 64

    private nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let options: DHTOptions
    private var nodes: [Node] = []

    init(_ options: DHTOptions, loop: EventLoop) {
        self.options = options
        self.loop = loop
    }

    func turn(_ events: [ReadyEvent], now: Timestamp) -> Timestamp? {
        if nodes.isEmpty { start(now: now) }
        for event in events { receive(Int(event.token), now: now) }
        var deadline: Timestamp?
        for index in nodes.indices {
            if let due = nodes[index].machine.nextDeadline, due <= now {
                nodes[index].machine.timerFired(now: now)
                send(index)
            }
            if let due = nodes[index].machine.nextDeadline {
                deadline = min(deadline ?? due, due)
            }
        }
        return deadline
    }

    private func start(now: Timestamp) {
        do throws(SystemError) {
            for index in 0..<options.count {
                guard let address = IPAddress(options.network + [UInt8(index + 1)]) else {
                    continue
                }
                let socket = try DatagramSocket(Endpoint(address: address, port: options.port))
                try loop.add(socket.descriptor, token: UInt64(index), interest: .read)
                var configuration = DHTConfiguration()
                configuration.families = [.v4]
                let machine = DHTStateMachine(
                    configuration: configuration,
                    secret: (0..<20).map { _ in UInt8.random(in: 0...255) },
                    hashing: OpenSSLHashing(), verifier: Ed25519(), now: now)
                nodes.append(Node(socket: socket, machine: machine))
            }
        } catch {
            Report.fail(error.description, code: 1)
        }
        for index in nodes.indices {
            let first = nodes[0].socket.endpoint
            let known = options.bootstrap.isEmpty && index > 0 ? [first] : options.bootstrap
            nodes[index].machine.bootstrap(known, areRouters: false, now: now)
            send(index)
        }
        Report.printListening(nodes.map(\.socket.endpoint))
    }

    private func receive(_ index: Int, now: Timestamp) {
        for _ in 0..<Self.datagramsPerTurn {
            guard let (bytes, sender) = nodes[index].socket.receive() else { break }
            nodes[index].machine.received(bytes.span, from: sender, now: now)
        }
        send(index)
    }

    private func send(_ index: Int) {
        for action in nodes[index].machine.takeActions() {
            if case .send(let datagram, let endpoint) = action {
                nodes[index].socket.send(datagram, to: endpoint)
            }
        }
    }
}
