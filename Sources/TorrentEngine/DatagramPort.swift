import Reactor
import TorrentCore

/// The shard's UDP port, one socket an address family: the DHT (BEP 5) and uTP (BEP 29) share it.
///
/// What is sent in a turn of the loop goes with one system call at its end, and what has come is
/// taken with one.
final class DatagramPort: ReadyHandler {
    /// Rounds of `DatagramBatch.capacity` datagrams taken from a socket in one turn of the loop:
    /// anybody can send any number, and files wait for the loop too.
    private static let roundsPerTurn = 4
    /// What the kernel may hold for us: 10 ms of a link of 1 Gbit/s.
    private static let kernelBuffer = 1280 * 1024
    /// The first byte of a bencoded dictionary, which every DHT message is.
    private static let dictionaryStart = UInt8(ascii: "d")
    /// The lower half of the first byte of a uTP packet: its version.
    private static let utpVersion: UInt8 = 1

    private final class Family {
        let socket: DatagramSocket
        let queue = DatagramBatch()
        var token: UInt64 = 0
        /// Whether the kernel takes nothing until epoll says so.
        var isBlocked = false
        /// Whether a receiver was refused meanwhile.
        var hasRefused = false

        init(_ socket: DatagramSocket) { self.socket = socket }
    }

    private unowned let context: ShardContext
    private var families: [Family] = []
    private let incoming = DatagramBatch()
    /// Who gets bencoded dictionaries; others are dropped while nobody does.
    weak var dht: (any DatagramReceiver)?
    /// Who gets packets of uTP.
    weak var utp: (any DatagramReceiver)?

    /// Watches sockets that are bound already, at most one a family.
    init(_ sockets: [DatagramSocket], context: ShardContext) throws(SystemError) {
        self.context = context
        for socket in sockets {
            socket.prepareForStreams(bufferBytes: Self.kernelBuffer)
            let family = Family(socket)
            family.token = try context.register(
                self, descriptor: socket.descriptor, interest: .read)
            families.append(family)
        }
    }

    /// Where it is bound, one endpoint a family.
    var endpoints: [Endpoint] { families.map(\.socket.endpoint) }

    /// Whether it can reach addresses of the family.
    func hasFamily(of address: IPAddress) -> Bool { family(of: address) != nil }

    /// Queues a copy of a datagram for the end of the turn. False where it is dropped: there is no
    /// socket of that family, it is longer than `DatagramBatch.datagramLength`, or the kernel takes
    /// nothing now, and then `canSend` tells when it does.
    @discardableResult
    func send(_ bytes: UnsafeRawBufferPointer, to endpoint: Endpoint) -> Bool {
        guard let family = family(of: endpoint.address) else { return false }
        if family.queue.isFull { send(family) }
        guard !family.queue.isFull else {
            family.hasRefused = true
            return false
        }
        return family.queue.append(bytes, to: endpoint)
    }

    /// Queues a datagram; see above.
    @discardableResult
    func send(_ bytes: [UInt8], to endpoint: Endpoint) -> Bool {
        bytes.withUnsafeBytes { send($0, to: endpoint) }
    }

    /// Sends a datagram that routers may not cut up, behind what is queued; to probe the path. False
    /// where the kernel takes nothing now, as above; one that is refused as too long counts as sent.
    func sendUnfragmented(_ bytes: UnsafeRawBufferPointer, to endpoint: Endpoint) -> Bool {
        guard let family = family(of: endpoint.address) else { return false }
        send(family)
        guard !family.isBlocked else {
            family.hasRefused = true
            return false
        }
        _ = family.socket.sendUnfragmented(bytes, to: endpoint)
        return true
    }

    /// Sends what is queued.
    func flush() {
        for family in families where family.queue.count > 0 { send(family) }
    }

    /// Sends what is queued, as far as the kernel takes it, and stops watching.
    func stop() {
        flush()
        for family in families {
            context.unregister(family.token, descriptor: family.socket.descriptor)
        }
        families = []
    }

    func ready(_ event: ReadyEvent, now: Timestamp) {
        guard let family = families.first(where: { $0.token == event.token }) else { return }
        if event.isWritable, family.isBlocked { resume(family, now: now) }
        if event.isReadable { receive(family, now: now) }
    }

    private func family(of address: IPAddress) -> Family? {
        families.first { $0.socket.endpoint.address.isV6 == address.isV6 }
    }

    private func receive(_ family: Family, now: Timestamp) {
        for _ in 0..<Self.roundsPerTurn {
            incoming.receive(from: family.socket)
            for index in 0..<incoming.count {
                guard let sender = incoming.sender(index), sender.port != 0 else { continue }
                let bytes = incoming.bytes(index)
                guard let receiver = receiver(of: bytes.first) else { continue }
                receiver.received(Span(_unsafeBytes: bytes), from: sender, now: now)
            }
            guard incoming.count == DatagramBatch.capacity else { break }
        }
        dht?.finishedReceiving(now: now)
        utp?.finishedReceiving(now: now)
    }

    /// By the first byte: uTP has its version and the packet's type there, never those of `d`.
    private func receiver(of first: UInt8?) -> (any DatagramReceiver)? {
        guard let first else { return nil }
        if first == Self.dictionaryStart { return dht }
        return first & 0x0F == Self.utpVersion ? utp : nil
    }

    private func send(_ family: Family) {
        guard !family.isBlocked, !family.queue.send(over: family.socket) else { return }
        family.isBlocked = true
        watch(family, [.read, .write])
    }

    private func resume(_ family: Family, now: Timestamp) {
        guard family.queue.send(over: family.socket) else { return }
        family.isBlocked = false
        watch(family, .read)
        guard family.hasRefused else { return }
        family.hasRefused = false
        dht?.canSend(now: now)
        utp?.canSend(now: now)
    }

    private func watch(_ family: Family, _ interest: EventInterest) {
        do throws(SystemError) {
            try context.loop.modify(
                family.socket.descriptor, token: family.token, interest: interest)
        } catch {
            Log.error("a UDP socket is lost: \(error)")
        }
    }
}
