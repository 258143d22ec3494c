import Glibc
import PeerProtocol
import Reactor
import TorrentCore

/// One end of a TCP connection on the loopback that speaks BitTorrent as a test wants it to:
/// blocking, so for threads of the test's own.
final class Wire {
    enum Failure: Error { case closed }

    /// Seconds of silence after which the other side is taken to hang.
    static let patience: Double = 120

    private let descriptor: Int32
    private var decoder = PeerMessageDecoder(
        limits: PeerMessageLimits(
            acceptsFast: true, acceptsExtensions: true, acceptsHashes: true))
    private var received: [UInt8] = []
    /// The payload of the `piece` message that `next` returned last.
    private(set) var payload: [UInt8] = []
    /// The other side's handshake.
    private(set) var remote: Handshake?

    /// Takes over a connected socket.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var patience = timeval(tv_sec: Int(Self.patience), tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
            socklen_t(MemoryLayout<timeval>.size))
    }

    /// Dials a port on the loopback.
    convenience init(dialling port: UInt16, isV6: Bool = false, receiveBuffer: Int32? = nil) throws
    {
        var address = LoopbackAddress(port: port, isV6: isV6)
        let descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket") }
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4)
        }
        guard address.withPointer({ connect(descriptor, $0, $1.pointee) }) == 0 else {
            let error = SystemError.last("connect")
            Glibc.close(descriptor)
            throw error
        }
        self.init(descriptor)
    }

    deinit { close(descriptor) }

    // MARK: - Bytes

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Failure.closed }
            rest = rest.dropFirst(sent)
        }
    }

    /// Sends the same again and again; gives up once the other side takes none for a moment, or has
    /// closed. Gives how often it was sent.
    @discardableResult
    func flood(_ bytes: [UInt8], times: Int) -> Int {
        var patience = timeval(tv_sec: 0, tv_usec: 300_000)
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience,
            socklen_t(MemoryLayout<timeval>.size))
        for sent in 0..<times {
            guard (try? send(bytes)) != nil else { return sent }
        }
        return times
    }

    private func fill() throws {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw Failure.closed }
        received += buffer[..<count]
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try fill() }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// So many bytes, whatever they are.
    func read(_ count: Int) throws -> [UInt8] { try take(count) }

    /// Whether the other side closes, whatever it sends before; false where it hangs.
    func isClosedByPeer() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN }
        }
    }

    /// Returns when the other side has closed, or hangs.
    func drain() {
        while (try? fill()) != nil { received = [] }
    }

    // MARK: - Messages

    func readHandshake() throws {
        remote = try Self.handshake(take(Handshake.byteCount))
    }

    private static func handshake(_ bytes: [UInt8]) throws(PeerCloseReason) -> Handshake {
        try Handshake(parsing: bytes.span)
    }

    func sendHandshake(
        _ hash: SHA1Digest, id: String = "-XX0001-scripted0000", reserved: ReservedBits = [.fast]
    ) throws {
        guard let id = PeerID(Array(id.utf8)) else { throw Failure.closed }
        try send(Handshake(infoHash: hash, peerID: id, reserved: reserved).bytes)
    }

    func send(_ message: PeerMessage, payload: [UInt8] = []) throws {
        var bytes: [UInt8] = []
        PeerMessageEncoder.append(message, to: &bytes)
        try send(bytes + payload)
    }

    /// The next message.
    func next() throws -> PeerMessage {
        while true {
            var position = 0
            let message = try nextMessage(from: &position)
            received.removeFirst(position)
            if case .piece(let request) = message { payload = try take(Int(request.length)) }
            if let message { return message }
            try fill()
        }
    }

    private func nextMessage(
        from position: inout Int
    ) throws(PeerCloseReason) -> PeerMessage? {
        let bytes = received
        return try decoder.next(bytes.span, from: &position)
    }

    /// The next request; other messages are passed over.
    func nextRequest() throws -> BlockRequest {
        while true {
            if case .request(let request) = try next() { return request }
        }
    }

    /// The next request for hashes (BEP 52); other messages are passed over.
    func nextHashRequest() throws -> HashRequest {
        while true {
            if case .hashRequest(let request) = try next() { return request }
        }
    }
}
