import Reactor
import TorrentCore

/// A TCP connection in the shard's event loop. Every call is a system call and nothing else.
final class TCPTransport: PeerTransport, ReadyHandler {
    private let socket: StreamSocket
    private var context: ShardContext?
    private var owner: (any PeerTransportOwner)?
    private var token: UInt64 = 0

    /// Takes over a connection, or one whose connect is under way.
    init(_ socket: StreamSocket) { self.socket = socket }

    func start(
        _ owner: any PeerTransportOwner, interest: EventInterest, in context: ShardContext
    ) throws(SystemError) {
        token = try context.register(self, descriptor: socket.descriptor, interest: interest)
        self.context = context
        self.owner = owner
    }

    func stop() {
        context?.unregister(token, descriptor: socket.descriptor)
        context = nil
        owner = nil
    }

    func watch(_ interest: EventInterest) throws(SystemError) {
        try context?.loop.modify(socket.descriptor, token: token, interest: interest)
    }

    func ready(_ event: ReadyEvent, now: Timestamp) {
        let reads: EventInterest = event.isReadable ? .read : []
        let writes: EventInterest = event.isWritable ? .write : []
        owner?.transportReady([reads, writes], now: now)
    }

    var isUTP: Bool { false }

    var connectError: Int32 { socket.connectError }

    var roundTrip: Interval? { socket.roundTrip }

    func dropUnsentAtClose() { socket.dropUnsentAtClose() }

    func acknowledgeNow() { socket.acknowledgeNow() }

    func setReceiveLowWater(_ bytes: Int) { socket.setReceiveLowWater(bytes) }

    func read(
        into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        socket.read(into: first, second)
    }

    func write(_ parts: [UnsafeRawBufferPointer]) -> TransferResult { socket.write(parts) }
}
