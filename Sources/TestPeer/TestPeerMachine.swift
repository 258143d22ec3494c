package import Metainfo
package import PeerProtocol
package import TorrentCore

/// A seed's side of one connection, as good or bad as its behaviour says.
///
/// Time comes in with every call; what came in is acted on half a round trip later, and what that
/// leads to leaves another half later. The first round trip is that of the connection itself.
package struct TestPeerMachine {
    enum Incoming {
        case handshake(Handshake)
        case message(PeerMessage)
    }

    private enum Trouble {
        case choke
        case unchoke
        case stall
        case death
    }

    /// Whom it is and how it behaves.
    package let behaviour: TestPeerBehaviour
    /// What it has seen and done.
    package internal(set) var counters = TestPeerCounters()
    /// Whether it is dead: the connection is to be closed, and no other accepted.
    package private(set) var isDead = false

    let info: InfoDictionary
    let peerID: PeerID
    /// What it answers requests for hashes with (BEP 52); nil where it knows none.
    let hashes: ((HashRequest) -> [UInt8]?)?
    private let latency: Interval
    private let opened: Timestamp
    var uplink: Uplink
    private var incoming = Fifo<(due: Timestamp, content: Incoming)>()
    private var decoder = PeerMessageDecoder()
    private var handshakeBytes: [UInt8] = []

    var speaksFast = false
    var theirMetadataID: UInt8?
    var isInterested = false
    var isChoking = true
    /// When the first request was acted on, from which troubles are told.
    private var origin: Timestamp?
    private var startedBytes = 0
    private var chokeAt: Timestamp?
    private var unchokeAt: Timestamp?
    private var stallAt: Timestamp?
    private var deathAt: Timestamp?

    /// A connection that was accepted at `now`.
    package init(
        _ info: InfoDictionary, peerID: PeerID, behaviour: TestPeerBehaviour, now: Timestamp,
        hashes: ((HashRequest) -> [UInt8]?)? = nil
    ) {
        self.hashes = hashes
        self.info = info
        self.peerID = peerID
        self.behaviour = behaviour
        latency = Interval(nanoseconds: behaviour.delay.nanoseconds / 2)
        opened = now + behaviour.delay
        uplink = Uplink(rate: behaviour.rate, latency: latency)
        counters.connections = 1
    }

    // MARK: - Input

    /// Takes bytes from the socket; throws where they are not the protocol.
    package mutating func received(
        _ bytes: Span<UInt8>, now: Timestamp
    ) throws(PeerCloseReason) {
        let due = max(now, opened) + latency
        var position = 0
        while handshakeBytes.count < Handshake.byteCount, position < bytes.count {
            handshakeBytes.append(bytes[position])
            position += 1
            guard handshakeBytes.count == Handshake.byteCount else { continue }
            let handshake = try Handshake(parsing: handshakeBytes.span)
            guard info.identity.matches(handshake.infoHash) else { throw .wrongInfoHash }
            decoder.limits = PeerMessageLimits(
                bitfieldLength: (info.geometry.pieceCount + 7) / 8,
                acceptsFast: handshake.reserved.contains(.fast),
                acceptsExtensions: handshake.reserved.contains(.extensionProtocol),
                acceptsHashes: info.identity.v2 != nil)
            incoming.append((due, .handshake(handshake)))
        }
        while let message = try decoder.next(bytes, from: &position) {
            if case .piece(let block) = message { decoder.skip(Int(block.length)) }
            if case .request(let request) = message {
                guard info.geometry.contains(request),
                    Int(request.length) <= PeerMessageLimits.block
                else { throw .invalidRequest }
            }
            incoming.append((due, .message(message)))
        }
    }

    // MARK: - Time

    /// Does all that is due by `now`.
    package mutating func advance(to now: Timestamp) {
        while !isDead, let (time, trouble) = nextEvent, time <= now {
            startBlocks(before: time)
            if let trouble {
                act(trouble, at: time)
            } else {
                act(incoming.removeFirst().content, at: time)
            }
        }
        startBlocks(before: now + Interval(nanoseconds: 1))
    }

    /// When to advance and send again; nil for "when something comes in".
    package var nextDeadline: Timestamp? {
        guard !isDead else { return nil }
        let event = nextEvent.map { $0.time + latency }
        guard let departure = uplink.nextDeparture else { return event }
        return event.map { min($0, departure) } ?? departure
    }

    /// The earliest of what is to be acted on; without a trouble it is the next of `incoming`.
    private var nextEvent: (time: Timestamp, trouble: Trouble?)? {
        var next: (time: Timestamp, trouble: Trouble?)?
        func consider(_ time: Timestamp?, _ trouble: Trouble?) {
            guard let time else { return }
            if next.map({ time < $0.time }) ?? true { next = (time, trouble) }
        }
        consider(deathAt, .death)
        consider(stallAt, .stall)
        consider(unchokeAt, .unchoke)
        consider(chokeAt, .choke)
        consider(incoming.first?.due, nil)
        return next
    }

    private mutating func startBlocks(before time: Timestamp) {
        while let request = uplink.startNext(before: time) {
            startedBytes += Int(request.length)
            if case .bytes(let limit) = behaviour.stall?.start, stallAt == nil,
                startedBytes >= limit, startedBytes - Int(request.length) < limit
            {
                stallAt = uplink.passed
            }
            if case .bytes(let limit) = behaviour.death, startedBytes >= limit, deathAt == nil {
                deathAt = uplink.passed
            }
        }
    }

    // MARK: - Troubles

    /// The first request is where troubles are told from.
    mutating func beginTroubles(at now: Timestamp) {
        guard origin == nil else { return }
        origin = now
        chokeAt = Self.time(of: behaviour.choke?.start, from: now)
        stallAt = Self.time(of: behaviour.stall?.start, from: now)
        deathAt = Self.time(of: behaviour.death, from: now)
    }

    private static func time(of point: TroublePoint?, from origin: Timestamp) -> Timestamp? {
        switch point {
        case .after(let interval), .every(let interval): origin + interval
        case .bytes, nil: nil
        }
    }

    private mutating func act(_ trouble: Trouble, at now: Timestamp) {
        switch trouble {
        case .death: isDead = true
        case .stall:
            guard let stall = behaviour.stall else { return }
            uplink.stall(from: now, for: stall.length)
            stallAt = nil
            if case .every(let period) = stall.start { stallAt = now + max(period, stall.length) }
        case .choke:
            guard let choke = behaviour.choke else { return }
            self.choke(now: now)
            unchokeAt = now + choke.length
            chokeAt = nil
            if case .every(let period) = choke.start { chokeAt = now + max(period, choke.length) }
        case .unchoke:
            unchokeAt = nil
            unchokeIfInterested(now: now)
        }
    }

    /// Whether a choke of its behaviour lasts.
    var isInTrouble: Bool { unchokeAt != nil }

    // MARK: - Output

    /// What is to leave now, at most `limit` parts of it, with the bytes of each part.
    package func output(
        now: Timestamp, limit: Int, _ body: (TestPeerOutput, Range<Int>) -> Void
    ) {
        uplink.output(now: now, limit: limit, body)
    }

    /// So many bytes of the output have been written; `finished` gets each block that is gone.
    package mutating func sent(_ count: Int, finished: (BlockRequest) -> Void) {
        var blocks = 0
        var bytes = 0
        uplink.sent(count) { output in
            guard case .block(let request) = output else { return }
            blocks += 1
            bytes += Int(request.length)
            finished(request)
        }
        counters.blocks += blocks
        counters.bytes += bytes
    }

    /// The caller has found that some peer had sent a block before.
    package mutating func countDuplicate() { counters.duplicates += 1 }
}
