import Reactor
import TorrentCore
import UTPProtocol

/// The shard's uTP connections (BEP 29): moves packets between their table and the `DatagramPort`,
/// and tells transports what they can do.
///
/// What a turn has written and acknowledged is sent once, at its end: one acknowledgement for all
/// that a turn has received of a connection. A turn without packets costs nothing.
final class UTPPort: DatagramReceiver {
    private let port: DatagramPort
    private let table = UTPSocketTable { .random(in: 0...(.max)) }
    /// Takes connections of peers that have connected.
    private let accept: (UTPTransport, Endpoint, Timestamp) -> Void
    /// Transports that may have something to tell.
    private var touched: [UTPTransport] = []
    /// Dials that wait for a time to come.
    private var waiting: [(transport: RacingTransport, at: Timestamp)] = []

    /// Takes the packets of `port`.
    init(
        _ port: DatagramPort,
        accept: @escaping (UTPTransport, Endpoint, Timestamp) -> Void
    ) {
        self.port = port
        self.accept = accept
        port.utp = self
    }

    /// Whether it can reach addresses of the family.
    func canReach(_ address: IPAddress) -> Bool { port.hasFamily(of: address) }

    /// A connection that is asked for now; nil where there is no place.
    func connect(to endpoint: Endpoint, now: Timestamp) -> UTPTransport? {
        table.connect(to: endpoint, now: now).map { UTPTransport($0, port: self) }
    }

    /// Tells `transport` when the time has come; one time each.
    func wait(_ transport: RacingTransport, until time: Timestamp) {
        forget(transport)
        waiting.append((transport, time))
    }

    /// The transport waits no more.
    func forget(_ transport: RacingTransport) {
        waiting.removeAll { $0.transport === transport }
    }

    /// Something was written to the connection, read from it, or it was closed: looks at it at the
    /// end of the turn.
    func changed(_ connection: UTPConnection) { table.schedule(connection) }

    /// The transport may have something to tell its owner.
    func touch(_ transport: UTPTransport) {
        guard !transport.isTouched else { return }
        transport.isTouched = true
        touched.append(transport)
    }

    // MARK: - A turn of the loop

    /// When `turn` is needed next.
    var nextDeadline: Timestamp? {
        if !touched.isEmpty { return .zero }
        var deadline = table.nextDeadline
        for entry in waiting { deadline = min(deadline ?? entry.at, entry.at) }
        return deadline
    }

    /// Fires what is due and tells owners what they can do.
    func turn(now: Timestamp) {
        if let due = table.nextDeadline, now >= due {
            table.timersFired(now: now) { touch($0) }
        }
        if !waiting.isEmpty {
            let due = waiting.filter { now >= $0.at }
            waiting.removeAll { now >= $0.at }
            for entry in due { entry.transport.timeHasCome(now: now) }
        }
        tell(now: now)
    }

    /// Sends what the turn has left to send.
    func flush() {
        guard table.hasScheduled else { return }
        // The turn may have taken a while, and what packets say of the time is how delay is measured.
        table.transmit(now: .now()) { bytes, endpoint, mayFragment in
            mayFragment
                ? port.send(bytes, to: endpoint) : port.sendUnfragmented(bytes, to: endpoint)
        }
    }

    private func touch(_ connection: UTPConnection) {
        if let transport = connection.user as? UTPTransport { touch(transport) }
    }

    private func tell(now: Timestamp) {
        guard !touched.isEmpty else { return }
        let transports = touched
        touched = []
        for transport in transports {
            transport.isTouched = false
            transport.tell(now: now)
        }
    }

    // MARK: - DatagramReceiver

    func received(_ datagram: Span<UInt8>, from sender: Endpoint, now: Timestamp) {
        switch table.received(datagram, from: sender, now: now) {
        case .nothing: break
        case .connection(let connection): touch(connection)
        case .accepted(let connection):
            let transport = UTPTransport(connection, port: self)
            accept(transport, sender, now)
            touch(transport)
        }
    }

    func finishedReceiving(now: Timestamp) { tell(now: now) }

    /// The table keeps what could not be sent for the end of this turn.
    func canSend(now: Timestamp) {}
}
