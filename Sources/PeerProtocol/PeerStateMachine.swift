package import TorrentCore

/// One connection to a peer: handshakes, messages, what each side may do (BEP 3, 5, 6, 9, 10, 11, 21,
/// 52, 54, 55).
///
/// The owner of the socket reads bytes to where `receiveTarget` says, calls `received` or
/// `receivedBlockBytes`, takes actions until there are none, and sends what `takeOutput` gives. It
/// stops reading while much of that output is unsent: the machine bounds what a peer can ask for
/// at once, not what it can have asked for in total.
///
/// The `+` files: handshaking, receiving, blocks, hashes, extensions, peer exchange, DHT, commands,
/// timers.
package struct PeerStateMachine: Sendable {
    enum Phase {
        /// The peer's handshake is not whole.
        case handshaking
        /// It is, and `accept` is to come.
        case awaitingAcceptance
        case open
        case closed
    }

    /// Pieces that we let a peer request while choked, or the peer us. BEP 6 suggests ten, and
    /// libtorrent grants five.
    static let maximumAllowedFast = 128
    /// Blocks or rejects that nobody requested before the connection is closed: enough for any
    /// confusion about cancels.
    static let maximumUnrequested = 32
    /// How often a peer may say all that it has. Once is what BEP 3 knows; each time costs us a look
    /// at every piece.
    static let maximumWholeHaves = 16

    /// Who opened the connection.
    package let role: PeerRole
    let configuration: PeerConfiguration
    var phase = Phase.handshaking
    var decoder = PeerMessageDecoder()
    /// The part of the peer's handshake that has arrived.
    var handshakeBytes: [UInt8] = []

    // Deadlines.
    var handshakeDeadline: Timestamp
    /// When the last bytes of a block, or the last message, came.
    package internal(set) var lastReceived: Timestamp
    var keepAliveDeadline: Timestamp
    var hasSentLately = false
    /// Whether the peer has sent nothing since its handshake; see `wakeTransmission`.
    var mayNeedWaking = true

    // The queues to the owner.
    var output: [UInt8] = []
    private var actions: [PeerAction] = []
    private var nextActionIndex = 0

    // The torrent.
    var geometry: PieceGeometry?
    var earlyHave = EarlyHave()
    /// How often the peer has said all that it has.
    var wholeHaveCount = 0
    var servesMetadata = false
    /// Length of our info dictionary; nil while we have none.
    var ownMetadataSize: Int?

    /// Whether the torrent is one whose peers may name each other.
    var exchangesPeers = false

    // Blocks.
    var outstanding = OutstandingRequests()
    /// Where the next bytes from the socket belong. Stored, as it is asked for with each read of the
    /// socket: a getter in another module is given a copy of the whole state machine.
    package internal(set) var receiveTarget = ReceiveTarget.control
    var unrequestedCount = 0
    /// The peer's requests that we have neither answered nor refused.
    var pendingUploads: Set<BlockRequest> = []
    var refusedCount = 0
    var grantedFast: [PieceIndex] = []
    /// Requests that were taken while the peer was choked.
    var fastRequestCount = 0
    /// What we have said of downloading nothing more.
    var announcedUploadOnly = false

    // Hashes.
    /// The hashes that we asked for and have no answer to.
    var requestedHashes: [HashRequest] = []
    /// The peer's requests for hashes that we have neither answered nor refused.
    var pendingHashes: [HashRequest] = []
    var blockOrder = BlockOrder()

    // Metadata.
    /// Pieces of metadata that we asked for and have no answer to.
    var requestedMetadata: [Int] = []
    var metadataRequestCount = 0

    /// The peer's handshake, once it is there.
    package internal(set) var remoteHandshake: Handshake?
    /// Whether we choke the peer; so it starts (BEP 3).
    package internal(set) var amChoking = true
    /// Whether we told the peer that we want blocks.
    package internal(set) var amInterested = false
    /// Whether the peer chokes us.
    package internal(set) var peerChoking = true
    /// Whether the peer wants blocks.
    package internal(set) var peerInterested = false
    /// Whether both sides know the fast extension (BEP 6).
    package internal(set) var supportsFast = false
    /// Whether both sides know the extension protocol (BEP 10).
    package internal(set) var supportsExtensions = false
    /// Whether both sides took the torrent for a v2 one: messages about hashes may pass (BEP 52).
    package internal(set) var supportsHashes = false
    /// What the peer's extension handshakes said, taken together.
    package internal(set) var remoteExtensions = ExtensionHandshake()
    /// The pieces that the peer lets us request while it chokes us (BEP 6).
    package internal(set) var peerAllowedFast: [PieceIndex] = []

    /// Starts a connection; an outgoing one has its handshake in the output at once.
    package init(role: PeerRole, configuration: PeerConfiguration, now: Timestamp) {
        self.role = role
        self.configuration = configuration
        handshakeDeadline = now + configuration.handshakeTimeout
        lastReceived = now
        keepAliveDeadline = now + configuration.keepAliveInterval
        if case .outgoing(let identity, let hash) = role {
            sendHandshake(hash, offersUpgrade: identity.upgrade(from: hash) != nil)
        }
    }

    // MARK: - Readable state

    /// Whether both handshakes are done and messages may pass.
    package var isHandshaken: Bool { phase == .open }
    /// Whether the connection is over.
    package var isClosed: Bool { phase == .closed }
    /// Whether we can take announced pieces back (BEP 54).
    package var supportsDontHave: Bool { (remoteExtensions.dontHaveID ?? 0) != 0 }
    /// Whether the peer hears of what we fetch (`sf_fetching`).
    package var supportsFetching: Bool { (remoteExtensions.fetchingID ?? 0) != 0 }
    /// Whether the peer answers requests for metadata (BEP 9); its size may still be unknown.
    package var supportsMetadata: Bool { (remoteExtensions.metadataID ?? 0) != 0 }
    /// How many requests the peer keeps: what it said, else BEP 10's 250. A peer without the fast
    /// extension that said nothing gets 50: BitComet drops what goes beyond, and cannot say so.
    package var peerRequestLimit: Int {
        remoteExtensions.requestLimit ?? (supportsFast ? 250 : 50)
    }
    /// How many of our requests may still be answered and were not cancelled.
    package var outstandingRequestCount: Int { outstanding.liveCount }
    /// The peer's name for people (BEP 10), else its peer id.
    package var clientName: String {
        remoteExtensions.clientName ?? remoteHandshake?.peerID.description ?? ""
    }
    /// Whether the peer wants to be told of others (BEP 11), and may be.
    package var supportsPeerExchange: Bool {
        exchangesPeers && (remoteExtensions.peerExchangeID ?? 0) != 0
    }
    /// Whether the peer takes part in holepunching (BEP 55), and may.
    package var supportsHolepunch: Bool {
        exchangesPeers && (remoteExtensions.holepunchID ?? 0) != 0
    }
    /// Where the peer accepts connections, where it said so.
    package var peerListenPort: UInt16? { remoteExtensions.listenPort }
    /// Length of the info dictionary as this peer has it; nil where it has none to give.
    package var metadataSize: Int? { supportsMetadata ? remoteExtensions.metadataSize : nil }
    /// Whether the peer downloads nothing more (BEP 21).
    package var isUploadOnly: Bool { remoteExtensions.isUploadOnly ?? false }

    // MARK: - Queues

    /// What the peer did next; nil where everything was taken. Constant time, no allocation.
    package mutating func nextAction() -> PeerAction? {
        guard nextActionIndex < actions.count else { return nil }
        let action = actions[nextActionIndex]
        nextActionIndex += 1
        if nextActionIndex == actions.count {
            actions.removeAll(keepingCapacity: actions.capacity <= 1024)
            nextActionIndex = 0
        }
        return action
    }

    mutating func queue(_ action: PeerAction) { actions.append(action) }

    /// Whether there is something to send.
    package var hasOutput: Bool { !output.isEmpty }

    /// What is to be sent; it is then the caller's.
    package mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Moves what is to be sent to the end of `buffer`, and allocates nothing where that has room.
    package mutating func takeOutput(into buffer: inout [UInt8]) {
        buffer.append(contentsOf: output)
        output.removeAll(keepingCapacity: output.capacity <= 64 * 1024)
    }

    mutating func send(_ message: PeerMessage) {
        PeerMessageEncoder.append(message, to: &output)
        hasSentLately = true
    }

    // MARK: - The end

    mutating func close(_ reason: PeerCloseReason) {
        guard phase != .closed else { return }
        queue(.close(reason))
        phase = .closed
        receiveTarget = .control
    }

    /// The connection ended, or its owner ends it. Nothing more comes of this machine, apart from
    /// actions that are queued already.
    package mutating func disconnected() {
        phase = .closed
        receiveTarget = .control
        output = []
    }
}
