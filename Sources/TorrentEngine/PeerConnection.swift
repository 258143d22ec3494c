import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// One TCP connection: moves bytes between the socket, the peer state machine and piece buffers,
/// and decides nothing.
final class PeerConnection: ReadyHandler {
    /// A connection attempt that has not succeeded by then is given up: a reachable peer answers
    /// within one or two SYN retransmissions.
    static let connectTimeout = Interval.seconds(10)

    let key: PeerKey
    let endpoint: Endpoint
    let isOutgoing: Bool
    let context: ShardContext
    let socket: StreamSocket
    /// Nil once closed.
    var owner: (any PeerConnectionOwner)?
    var machine: PeerStateMachine
    var uploads = UploadQueue()
    /// Bytes of blocks being read from disk for this peer.
    var blockBytesBeingRead = 0
    var sendQueue = SendQueue()
    /// Whether the socket has taken all it can, or this turn's share: epoll tells when to go on.
    var isWaitingToSend = false
    /// Bytes of blocks that are put together for one call: about as many as the socket takes.
    var uploadBatch = UploadBuffer.smallestBatch
    /// The block whose payload is arriving, and where it goes; nil: it is dropped.
    var receiving: BlockRequest?
    var placement = BlockPlacement.discard
    var directBuffer: PieceBuffer?
    private(set) lazy var scratchBlock = ScratchBlock()
    var isFlushPending = false
    /// Whether a block of its was of use.
    var wasUseful = false
    /// When the torrent accepted the peer's handshake; nil before.
    var acceptedAt: Timestamp?
    /// The peer list's entry that this connection stands for: where we dialled, or where an incoming
    /// peer says that it listens.
    var listenEndpoint: Endpoint?

    var receiveBatching = ReceiveBatching()
    /// When what has been received is to be acknowledged, unless more has come by then.
    var acknowledgeAt: Timestamp?

    private var token: UInt64?
    private var interest: EventInterest
    private var connectDeadline: Timestamp?

    /// Takes over an accepted connection, or (outgoing) one whose connect is under way.
    init(
        key: PeerKey, endpoint: Endpoint, isOutgoing: Bool, socket: StreamSocket,
        machine: consuming PeerStateMachine, owner: any PeerConnectionOwner,
        context: ShardContext, now: Timestamp
    ) throws(SystemError) {
        self.key = key
        self.endpoint = endpoint
        self.isOutgoing = isOutgoing
        self.socket = socket
        self.machine = machine
        self.owner = owner
        self.context = context
        interest = isOutgoing ? .write : .read
        connectDeadline = isOutgoing ? now + Self.connectTimeout : nil
        listenEndpoint = isOutgoing ? endpoint : nil
        token = try context.register(self, descriptor: socket.descriptor, interest: interest)
        if !isOutgoing { scheduleFlush() }
    }

    /// Whether the socket is open, connected or not.
    var isOpen: Bool { token != nil }

    /// Whether the torrent has accepted the peer's handshake.
    var isAccepted: Bool { acceptedAt != nil }

    /// Whether neither side wants anything of the other.
    var isIdle: Bool { !machine.amInterested && !machine.peerInterested }

    /// Whether the handshake of TCP is still under way.
    var isConnecting: Bool { connectDeadline != nil }

    /// When `timerFired` is due.
    var nextDeadline: Timestamp { connectDeadline ?? machine.nextDeadline }

    func ready(_ event: ReadyEvent, now: Timestamp) {
        if connectDeadline != nil {
            finishConnecting(now: now)
            guard isOpen, connectDeadline == nil else { return }
        }
        if event.isReadable { receive(now: now) }
        if event.isWritable, isOpen {
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

    /// Closes the socket and tells the owner; a second call does nothing.
    func close(_ reason: String, now: Timestamp) {
        guard let token else { return }
        context.unregister(token, descriptor: socket.descriptor)
        self.token = nil
        machine.disconnected()
        directBuffer = nil
        let owner = self.owner
        self.owner = nil
        owner?.connectionClosed(self, reason: reason, now: now)
    }

    /// Closes the connection at the end of the session: nothing is sent any more, not even what the
    /// kernel has taken already.
    func shutDown(now: Timestamp) {
        socket.dropUnsentAtClose()
        close("shutting down", now: now)
    }

    /// See `LateAcknowledgements`.
    func acknowledgeNow() {
        acknowledgeAt = nil
        guard isOpen else { return }
        socket.acknowledgeNow()
        if receiveBatching.fellSilent() { socket.setReceiveLowWater(receiveBatching.lowWater) }
    }

    /// Sends, at the end of this turn, what the state machine has queued.
    func scheduleFlush() {
        guard !isFlushPending else { return }
        isFlushPending = true
        context.flushLater(self)
    }

    /// Watches for writability only while something waits to be sent.
    func watch(_ wanted: EventInterest, now: Timestamp) {
        guard let token, wanted != interest else { return }
        do throws(SystemError) {
            try context.loop.modify(socket.descriptor, token: token, interest: wanted)
            interest = wanted
        } catch {
            close(error.description, now: now)
        }
    }

    private func finishConnecting(now: Timestamp) {
        let error = socket.connectError
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
