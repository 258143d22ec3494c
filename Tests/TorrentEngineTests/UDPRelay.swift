import Glibc
import Reactor
import Synchronization
import TorrentCore

/// A UDP port that passes datagrams on to a session and its answers back, and loses some: what is
/// behind it has no TCP.
final class UDPRelay: Sendable {
    private let isEnding = Atomic(false)
    private let thread = Locked<Thread?>(nil)
    private let state: Locked<State>
    /// Where the session seems to be.
    let endpoint: Endpoint
    /// Datagrams that came for the session.
    let count = Atomic(0)

    /// Relays to a port on loopback; `loss` is the share that is lost each way.
    init(to port: UInt16, loss: Double = 0) throws {
        let front = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        let back = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        endpoint = front.endpoint
        let target = Endpoint(address: .loopbackV4, port: port)
        state = Locked(State(front: front, back: back, target: target, loss: loss))
        let thread = try Thread(name: "test-relay") { [self] in
            state.withLock { $0.run(self) }
        }
        self.thread.withLock { $0 = thread }
    }

    /// Ends the thread.
    func stop() {
        isEnding.store(true, ordering: .releasing)
        thread.withLock { $0 }?.join()
    }

    /// What belongs to the thread, behind a lock since sockets are not Sendable.
    private struct State {
        let front: DatagramSocket
        let back: DatagramSocket
        let target: Endpoint
        let loss: Double
        var random = SeededRandom(seed: 5)
        var client: Endpoint?

        mutating func run(_ relay: UDPRelay) {
            var polled = [
                pollfd(fd: front.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: back.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            while !relay.isEnding.load(ordering: .acquiring) {
                _ = poll(&polled, 2, 20)
                while let (bytes, sender) = front.receive() {
                    client = sender
                    relay.count.add(1, ordering: .relaxed)
                    if passes() { back.send(bytes, to: target) }
                }
                while let (bytes, _) = back.receive() {
                    if let client, passes() { front.send(bytes, to: client) }
                }
            }
        }

        private mutating func passes() -> Bool { Double.random(in: 0..<1, using: &random) >= loss }
    }
}
