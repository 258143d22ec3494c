import Glibc
import Reactor
import TorrentCore
import UTPProtocol

/// A uTP connection (BEP 29) under a peer connection.
final class UTPTransport: PeerTransport {
    private let connection: UTPConnection
    private let port: UTPPort
    private var owner: (any PeerTransportOwner)?
    private var interest: EventInterest = []
    private var dropsUnsent = false
    private var isStopped = false
    /// Whether the port has it in its list of those to tell.
    var isTouched = false

    /// A connection that the port's table routes packets to.
    init(_ connection: UTPConnection, port: UTPPort) {
        self.connection = connection
        self.port = port
        connection.user = self
    }

    /// Ends a connection that nobody has ended.
    deinit { stop() }

    func start(
        _ owner: any PeerTransportOwner, interest: EventInterest, in context: ShardContext
    ) throws(SystemError) {
        self.owner = owner
        self.interest = interest
        port.touch(self)
    }

    func stop() {
        guard !isStopped else { return }
        isStopped = true
        owner = nil
        interest = []
        connection.user = nil
        if dropsUnsent { connection.abort() } else { connection.close(now: .now()) }
        port.changed(connection)
    }

    func watch(_ interest: EventInterest) throws(SystemError) {
        self.interest = interest
        port.touch(self)
    }

    /// Tells the owner what it can do now, and again in the next turn while it can.
    func tell(now: Timestamp) {
        guard let owner else { return }
        let ready = self.ready
        guard !ready.isEmpty else { return }
        owner.transportReady(ready, now: now)
        if !self.ready.isEmpty { port.touch(self) }
    }

    private var ready: EventInterest {
        guard owner != nil else { return [] }
        if connection.isConnecting { return [] }
        var ready: EventInterest = []
        if connection.isReadable { ready.insert(.read) }
        if connection.isWritable { ready.insert(.write) }
        return ready.intersection(interest)
    }

    var isUTP: Bool { true }

    var connectError: Int32 { connection.failure.map(Self.code) ?? 0 }

    var roundTrip: Interval? { connection.roundTrip }

    func dropUnsentAtClose() { dropsUnsent = true }

    func acknowledgeNow() {
        connection.acknowledgeNow()
        port.changed(connection)
    }

    /// Packets are taken as they come anyway.
    func setReceiveLowWater(_ bytes: Int) {}

    func read(
        into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        var count = connection.read(into: first)
        if count == first.count { count += connection.read(into: second) }
        if count > 0 {
            port.changed(connection)
            return .bytes(count)
        }
        if let failure = connection.failure { return .failed(Self.code(failure)) }
        return connection.isAtEnd || connection.isFinished ? .endOfStream : .wouldBlock
    }

    func write(_ parts: [UnsafeRawBufferPointer]) -> TransferResult {
        if let failure = connection.failure { return .failed(Self.code(failure)) }
        guard !connection.isFinished else { return .endOfStream }
        var total = 0
        for part in parts {
            let count = connection.write(part)
            total += count
            if count < part.count { break }
        }
        guard total > 0 else { return .wouldBlock }
        port.changed(connection)
        return .bytes(total)
    }

    /// As TCP would say it.
    private static func code(_ failure: UTPFailure) -> Int32 {
        switch failure {
        case .noAnswer, .timedOut: ETIMEDOUT
        case .reset: ECONNRESET
        }
    }
}
