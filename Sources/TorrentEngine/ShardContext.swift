import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// What everything in a shard shares: its loop, its mailbox, the descriptors it watches, and one
/// buffer to receive into. Only the shard's thread touches it.
final class ShardContext {
    /// Control messages and the tails of blocks are received here before they are taken apart:
    /// more than one block, so that a burst of small messages takes one system call.
    private static let scratchLength = 64 * 1024

    let loop: EventLoop
    let mailbox: Mailbox<ShardMessage>
    let configuration: SessionConfiguration
    let peerID: PeerID
    let http: HTTPClient
    let resolver: Resolver
    let scratch: UnsafeMutableRawBufferPointer
    /// What is sent encrypted is encrypted here.
    let cipherBuffer: UnsafeMutableRawBufferPointer
    /// Where blocks are put together that are sent at once.
    let uploadBuffer = UploadBuffer()
    /// The port that trackers and peers are told.
    var listenPort: UInt16 = 0
    /// Where peers are accepted; the unspecified addresses stand for all of their family.
    var listeningAddresses: [IPAddress] = []
    /// By which trackers know this session again when its address changes (BEP 7).
    let announceKey = UInt32.random(in: 0...(.max))
    /// The UDP port that DHT and uTP share; nil where the session does not listen.
    var datagrams: DatagramPort?
    /// The node of the DHT; nil where the session takes no part in it, or does not listen.
    var dht: DHTNode?
    /// Nil where the session does not listen, or is told to do without.
    var utp: UTPPort?
    private(set) lazy var udpTrackers = UDPTrackerClient(context: self)
    /// Nil where it is off, and before the shard listens.
    var localDiscovery: LocalDiscoveryService?
    /// The rates that the user allows, and what keeps to them.
    var limits: RateLimits
    var downloadLimiter: RateLimiter
    /// Bytes that peers and web seeds of all torrents have been asked for, kept under a limit only.
    var outstandingDownload = 0
    private var lastGrant: UInt64 = 0
    var uploadGate: UploadGate
    /// Connections that wait for the upload limit.
    var heldUploads: [PeerKey: PeerConnection] = [:]
    /// Nil where the loss of the network is not looked for, and before the shard listens.
    var network: NetworkMonitor?
    var lateAcknowledgements = LateAcknowledgements()
    /// Where peers see us: how many said so, and what most did.
    var ownAddressVotes: [IPAddress: Int] = [:]
    var ownAddresses: [Endpoint] = []
    /// See `publicAddresses`.
    var knownPublicAddresses: [IPAddress] = []
    var publicAddressesExpire = Timestamp.zero
    /// The shard's torrents.
    var torrents: [TorrentID: Torrent] = [:]
    private var random: SeededRandom
    private var lastPeerKey: UInt32 = 0
    private var handlers: [UInt64: any ReadyHandler] = [:]
    private var nextToken: UInt64 = 0
    private var unflushed: [PeerConnection] = []

    init(
        loop: EventLoop, mailbox: Mailbox<ShardMessage>, configuration: SessionConfiguration,
        peerID: PeerID, http: HTTPClient, resolver: Resolver
    ) {
        self.loop = loop
        self.mailbox = mailbox
        self.configuration = configuration
        self.peerID = peerID
        self.http = http
        self.resolver = resolver
        limits = configuration.limits
        downloadLimiter = RateLimiter(rate: configuration.limits.download, now: .now())
        uploadGate = UploadGate(rate: configuration.limits.upload, now: .now())
        random = SeededRandom(seed: configuration.seed)
        scratch = .allocate(byteCount: Self.scratchLength, alignment: 16)
        cipherBuffer = .allocate(byteCount: Self.scratchLength, alignment: 16)
    }

    deinit {
        scratch.deallocate()
        cipherBuffer.deallocate()
    }

    /// A key that no peer of this shard has had.
    func nextPeerKey() -> PeerKey {
        lastPeerKey += 1
        return PeerKey(lastPeerKey)
    }

    /// A number greater than those before.
    func nextGrant() -> UInt64 {
        lastGrant += 1
        return lastGrant
    }

    /// A seed for one state machine.
    func nextSeed() -> UInt64 { random.next() }

    /// What each peer state machine is told.
    var peerConfiguration: PeerConfiguration {
        var peers = PeerConfiguration(
            peerID: peerID, clientName: Session.clientName,
            listenPort: listenPort == 0 ? nil : listenPort)
        // Both families have the same port.
        peers.dhtPort = dht == nil ? nil : listenPort
        return peers
    }

    /// The torrent that a handshake's infohash names.
    func torrent(servedUnder hash: SHA1Digest) -> Torrent? {
        torrents.values.first { !$0.isStopping && $0.identity.matches(hash) }
    }

    // MARK: - Descriptors

    /// Watches a descriptor for a handler; returns the token to change or end it by.
    func register(
        _ handler: any ReadyHandler, descriptor: Int32, interest: EventInterest
    ) throws(SystemError) -> UInt64 {
        nextToken += 1
        try loop.add(descriptor, token: nextToken, interest: interest)
        handlers[nextToken] = handler
        return nextToken
    }

    /// Stops watching; the descriptor may be closed then.
    func unregister(_ token: UInt64, descriptor: Int32) {
        loop.remove(descriptor)
        handlers[token] = nil
    }

    /// Hands an event to whoever registered for it; events of the ended are dropped.
    func dispatch(_ event: ReadyEvent, now: Timestamp) {
        handlers[event.token]?.ready(event, now: now)
    }

    // MARK: - Flushing

    /// Notes that a connection has something to send; it is sent once, at the end of the turn.
    func flushLater(_ connection: PeerConnection) { unflushed.append(connection) }

    /// Sends what the turn has queued; false where there was nothing.
    func flush(now: Timestamp) -> Bool {
        guard !unflushed.isEmpty else { return false }
        let connections = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for connection in connections { connection.flush(now: now) }
        return true
    }
}
