import Glibc
import PeerProtocol
import Reactor
import TorrentCore
import TorrentCrypto

/// Message stream encryption over another transport.
///
/// Until its handshake is over, it looks connected: what its owner writes first becomes the
/// handshake's initial payload. What is received is decrypted where it is; what is sent is copied to
/// be encrypted, since it may be in memory that others read. Without RC4, bytes pass through
/// untouched.
final class EncryptedTransport: PeerTransport, PeerTransportOwner {
    typealias Encryption = EncryptionHandshake<DiffieHellman768, RC4>

    /// The most that waits for the end of the handshake: the other handshake, and no more.
    private static let earlyLimit = 16 * 1024
    /// Read at once while the handshake lasts: more than either side's messages.
    private static let readLength = 4096

    private let inner: any PeerTransport
    private let methods: EncryptionMethods
    private var context: ShardContext?
    private var owner: (any PeerTransportOwner)?
    /// What the owner wants to be told, and what we therefore watch.
    private var wanted: EventInterest = []
    private var watched: EventInterest = []
    /// The torrent, while the handshake that opens a connection has not begun.
    private var opening: SHA1Digest?
    private var handshake: Encryption?
    private var incoming: RC4?
    private var outgoing: RC4?
    /// Received, decrypted, and not yet read.
    private var payload: [UInt8] = []
    private var payloadPosition = 0
    /// Written before the handshake was over.
    private var early: [UInt8] = []
    /// Encrypted, and not yet taken by the transport below.
    private var unsent: [UInt8] = []
    private var unsentPosition = 0
    private var failure: Int32?

    /// Opens an encrypted connection about `torrent`.
    init(
        opening torrent: SHA1Digest, offering methods: EncryptionMethods,
        over inner: any PeerTransport
    ) {
        self.inner = inner
        self.methods = methods
        opening = torrent
    }

    /// Answers a connection, encrypted or (where accepted) not.
    init(
        answeringWith methods: EncryptionMethods, acceptsUnencrypted: Bool,
        over inner: any PeerTransport
    ) {
        self.inner = inner
        self.methods = methods
        var random = SystemRandomNumberGenerator()
        handshake = Encryption(
            answeringWith: methods, acceptsUnencrypted: acceptsUnencrypted,
            key: DiffieHellman768(), hashing: OpenSSLHashing(), random: &random)
    }

    // MARK: - PeerTransport

    func start(
        _ owner: any PeerTransportOwner, interest: EventInterest, in context: ShardContext
    ) throws(SystemError) {
        try inner.start(self, interest: interest, in: context)
        self.context = context
        self.owner = owner
        wanted = interest
        watched = interest
    }

    func stop() {
        sendUnsent()
        inner.stop()
        context = nil
        owner = nil
    }

    func watch(_ interest: EventInterest) throws(SystemError) {
        wanted = interest
        try updateInterest()
    }

    var isUTP: Bool { inner.isUTP }

    var connectError: Int32 { inner.connectError }

    var roundTrip: Interval? { inner.roundTrip }

    func dropUnsentAtClose() {
        unsent = []
        unsentPosition = 0
        inner.dropUnsentAtClose()
    }

    func acknowledgeNow() { inner.acknowledgeNow() }

    func setReceiveLowWater(_ bytes: Int) { inner.setReceiveLowWater(bytes) }

    func read(
        into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        if let failure { return .failed(failure) }
        guard opening == nil else { return .wouldBlock }
        if handshake != nil, let stop = receiveHandshake() { return stop }
        if payloadPosition < payload.count { return takePayload(first, second) }
        let result = inner.read(into: first, second)
        if let incoming, case .bytes(let count) = result {
            let inFirst = min(count, first.count)
            incoming.apply(to: UnsafeMutableRawBufferPointer(rebasing: first[..<inFirst]))
            incoming.apply(
                to: UnsafeMutableRawBufferPointer(rebasing: second[..<(count - inFirst)]))
        }
        return result
    }

    func write(_ parts: [UnsafeRawBufferPointer]) -> TransferResult {
        sendUnsent()
        if let failure { return .failed(failure) }
        if let torrent = opening {
            let bytes = Self.copy(parts, atMost: Int(UInt16.max))
            begin(torrent, initialPayload: bytes)
            return .bytes(bytes.count)
        }
        if handshake != nil {
            let bytes = Self.copy(parts, atMost: Self.earlyLimit - early.count)
            early.append(contentsOf: bytes)
            return bytes.isEmpty ? .wouldBlock : .bytes(bytes.count)
        }
        guard unsent.isEmpty else { return .wouldBlock }
        guard let outgoing, let context else { return inner.write(parts) }
        return encrypt(parts, outgoing, into: context.cipherBuffer)
    }

    // MARK: - PeerTransportOwner

    func transportReady(_ ready: EventInterest, now: Timestamp) {
        if ready.contains(.write) { sendUnsent() }
        var told = ready
        if payloadPosition < payload.count, wanted.contains(.read) { told.insert(.read) }
        if !unsent.isEmpty { told.remove(.write) }
        if failure != nil { told = [.read, .write] }
        owner?.transportReady(told, now: now)
        do throws(SystemError) {
            try updateInterest()
        } catch {
            failure = error.code
            owner?.transportReady([.read, .write], now: now)
        }
    }

    /// Our own unsent bytes want room, and unread ones an event: room gives one in the next turn.
    private func updateInterest() throws(SystemError) {
        guard context != nil else { return }
        var needed = wanted
        let isUnread = payloadPosition < payload.count && wanted.contains(.read)
        if !unsent.isEmpty || isUnread { needed.insert(.write) }
        guard needed != watched else { return }
        try inner.watch(needed)
        watched = needed
    }

    // MARK: - Handshake

    private func begin(_ torrent: SHA1Digest, initialPayload: [UInt8]) {
        opening = nil
        var random = SystemRandomNumberGenerator()
        handshake = Encryption(
            opening: torrent, offering: methods, initialPayload: initialPayload,
            key: DiffieHellman768(), hashing: OpenSSLHashing(), random: &random)
        sendHandshake()
    }

    private func sendHandshake() {
        unsent.append(contentsOf: handshake?.takeOutput() ?? [])
        sendUnsent()
    }

    /// Goes on with the handshake; nil when it is over and went well.
    private func receiveHandshake() -> TransferResult? {
        withUnsafeTemporaryAllocation(byteCount: Self.readLength, alignment: 16) { buffer in
            while handshake != nil {
                let result = inner.read(into: buffer, .init(start: nil, count: 0))
                guard case .bytes(let count) = result else { return result }
                handshake?.received(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                if let wanted = handshake?.wantedTorrent {
                    handshake?.serve(context?.infoHash(requestedBy: wanted))
                }
                sendHandshake()
                if let outcome = handshake?.outcome { finish(outcome) }
                if let failure { return .failed(failure) }
            }
            return nil
        }
    }

    private func finish(_ outcome: EncryptionOutcome) {
        switch outcome {
        case .failed(let reason):
            Log.debug("\(reason)")
            failure = EPROTO
        case .unencrypted, .established:
            payload = handshake?.takePayload() ?? []
            incoming = handshake?.incoming
            outgoing = handshake?.outgoing
            outgoing?.apply(to: &early)
            unsent.append(contentsOf: early)
            sendUnsent()
        }
        early = []
        handshake = nil
    }

    // MARK: - Bytes

    private func takePayload(
        _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        var taken = 0
        for target in [first, second] {
            let part = payload[payloadPosition...].prefix(target.count)
            target.copyBytes(from: part)
            payloadPosition += part.count
            taken += part.count
        }
        if payloadPosition == payload.count {
            payload = []
            payloadPosition = 0
        }
        return .bytes(taken)
    }

    /// Encrypts as much as the buffer holds, and takes all of that: what has been encrypted must be
    /// sent.
    private func encrypt(
        _ parts: [UnsafeRawBufferPointer], _ cipher: RC4,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        var count = 0
        for part in parts {
            let taken = part.prefix(buffer.count - count)
            UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyBytes(from: taken)
            count += taken.count
        }
        let text = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        cipher.apply(to: text)
        switch inner.write([UnsafeRawBufferPointer(text)]) {
        case .bytes(let sent): unsent.append(contentsOf: text[sent...])
        case .wouldBlock: unsent.append(contentsOf: text)
        case .endOfStream: return .endOfStream
        case .failed(let code): return .failed(code)
        }
        return .bytes(count)
    }

    private func sendUnsent() {
        while !unsent.isEmpty, failure == nil {
            let result = unsent.withUnsafeBytes {
                inner.write([UnsafeRawBufferPointer(rebasing: $0[unsentPosition...])])
            }
            switch result {
            case .bytes(let count): unsentPosition += count
            case .wouldBlock: return
            case .endOfStream: failure = ECONNRESET
            case .failed(let code): failure = code
            }
            if unsentPosition == unsent.count {
                unsent.removeAll(keepingCapacity: true)
                unsentPosition = 0
            }
        }
    }

    private static func copy(_ parts: [UnsafeRawBufferPointer], atMost limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts { bytes.append(contentsOf: part.prefix(limit - bytes.count)) }
        return bytes
    }
}
