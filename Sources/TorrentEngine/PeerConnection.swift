import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// One connection to a peer: moves bytes between its transport, the peer state machine and piece
/// buffers, and decides nothing.
final class PeerConnection: PeerTransportOwner {
    /// A connection attempt that has not succeeded by then is given up: a reachable peer answers
    /// within one or two SYN retransmissions.
    static let connectTimeout = Interval.seconds(10)

    let key: PeerKey
    let endpoint: Endpoint
    let isOutgoing: Bool
    let context: ShardContext
    let transport: any PeerTransport
    /// Nil once closed.
    var owner: (any PeerConnectionOwner)?
    var machine: PeerStateMachine
    var uploads = UploadQueue()
    /// Bytes of blocks being read from disk for this peer.
    var blockBytesBeingRead = 0
    /// Whether hashes that this peer asked for are being looked up.
    var isFindingHashes = false
    var sendQueue = SendQueue()
    /// Whether the transport has taken all it can, or this turn's share: it tells when to go on.
    var isWaitingToSend = false
    /// Bytes of blocks that are put together for one call: about as many as the socket takes.
    var uploadBatch = UploadBuffer.smallestBatch
    /// The block whose payload is arriving, and where it goes; nil: it is dropped.
    var receiving: BlockRequest?
    var placement = BlockPlacement.discard
    var directBuffer: PieceBuffer?
    private(set) lazy var scratchBlock = ScratchBlock()
    var isFlushPending = false
    /// Whether the peer is told what we have, and so has to hear what we lose.
    var hearsOfPieces = true
    /// Whether a block of its was of use.
    var wasUseful = false
    /// Whether it has been given its allowed-fast set.
    var wasGrantedFast = false
    /// When the torrent accepted the peer's handshake; nil before.
    var acceptedAt: Timestamp?
    /// What is exchanged with the peer about others.
    var exchange: PeerExchange
    /// The peer list's entry that this connection stands for: where we dialled, or where an incoming
    /// peer says that it listens.
    var listenEndpoint: Endpoint?

    var receiveBatching = ReceiveBatching()
    /// When what has been received is to be acknowledged, unless more has come by then.
    var acknowledgeAt: Timestamp?

    /// Whether the transport is open, connected or not.
    private(set) var isOpen = true
    private var interest: EventInterest
    private var connectDeadline: Timestamp?

    /// Takes over an accepted connection, or (outgoing) one whose connect is under way.
    init(
        key: PeerKey, endpoint: Endpoint, isOutgoing: Bool, transport: any PeerTransport,
        machine: consuming PeerStateMachine, owner: any PeerConnectionOwner,
        context: ShardContext, now: Timestamp
    ) throws(SystemError) {
        self.key = key
        self.endpoint = endpoint
        self.isOutgoing = isOutgoing
        self.transport = transport
        self.machine = machine
        self.owner = owner
        self.context = context
        exchange = PeerExchange(now: now)
        interest = isOutgoing ? .write : .read
        connectDeadline = isOutgoing ? now + Self.connectTimeout : nil
        listenEndpoint = isOutgoing ? endpoint : nil
        try transport.start(self, interest: interest, in: context)
        if !isOutgoing { scheduleFlush() }
    }

    /// Whether the torrent has accepted the peer's handshake.
    var isAccepted: Bool { acceptedAt != nil }

    /// Whether neither side wants anything of the other.
    var isIdle: Bool { !machine.amInterested && !machine.peerInterested }

    /// Whether the transport is not connected yet.
    var isConnecting: Bool { connectDeadline != nil }

    /// Whether the transport has been connecting that long in vain.
    func isConnecting(for time: Interval, now: Timestamp) -> Bool {
        connectDeadline.map { now + (Self.connectTimeout - time) >= $0 } ?? false
    }

    /// Whether the peer was reached and has not shaken hands.
    var wasRefused: Bool { isOutgoing && !isConnecting && machine.remoteHandshake == nil }

    /// When `timerFired` is due.
    var nextDeadline: Timestamp { connectDeadline ?? machine.nextDeadline }

    func transportReady(_ ready: EventInterest, now: Timestamp) {
        if connectDeadline != nil {
            finishConnecting(now: now)
            guard isOpen, connectDeadline == nil else { return }
        }
        if ready.contains(.read) { receive(now: now) }
        if ready.contains(.write), isOpen {
            isWaitingToSend = false
            flush(now: now)
        }
    }

    /// A deadline of the connection has come.
    func timerFired(now: Timestamp) {
        if let connectDeadline {
            if now >= connectDeadline { close("connecting timed out", now: now) }
        } else {
            machine.timerFired(now: now)
            drainActions(now: now)
        }
    }

    /// Closes the transport and tells the owner; a second call does nothing.
    func close(_ reason: String, now: Timestamp) {
        guard isOpen else { return }
        isOpen = false
        transport.stop()
        machine.disconnected()
        directBuffer = nil
        let owner = self.owner
        self.owner = nil
        owner?.connectionClosed(self, reason: reason, now: now)
    }

    /// Closes the connection at the end of the session: nothing is sent any more, not even what the
    /// kernel has taken already.
    func shutDown(now: Timestamp) {
        transport.dropUnsentAtClose()
        close("shutting down", now: now)
    }

    /// See `LateAcknowledgements`.
    func acknowledgeNow() {
        acknowledgeAt = nil
        guard isOpen else { return }
        transport.acknowledgeNow()
        if receiveBatching.fellSilent() { transport.setReceiveLowWater(receiveBatching.lowWater) }
    }

    /// Sends, at the end of this turn, what the state machine has queued.
    func scheduleFlush() {
        guard !isFlushPending else { return }
        isFlushPending = true
        context.flushLater(self)
    }

    /// Watches for writability only while something waits to be sent.
    func watch(_ wanted: EventInterest, now: Timestamp) {
        guard isOpen, wanted != interest else { return }
        do throws(SystemError) {
            try transport.watch(wanted)
            interest = wanted
        } catch {
            close(error.description, now: now)
        }
    }

    private func finishConnecting(now: Timestamp) {
        let error = transport.connectError
        guard error == 0 else {
            close(SystemError(error, "connect").description, now: now)
            return
        }
        connectDeadline = nil
        machine.connected(now: now)
        watch(.read, now: now)
        scheduleFlush()
    }
}
