import Metainfo
import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore
import TrackerProtocol

/// One torrent: wires its state machines (peers, swarm, metadata, announces) to sockets, the piece
/// store and the tracker clients. Belongs to its shard's thread.
final class Torrent {
    let id: TorrentID
    let context: ShardContext
    /// Grows when the metadata of a hybrid tells the other hash.
    var identity: TorrentIdentity
    let sources: TorrentSources

    // Known once there is metadata.
    var metainfo: TorrentMetainfo?
    var store: PieceStore?
    var swarm: TorrentStateMachine?
    /// While there is none.
    var metadataDownload: MetadataDownload?
    var reportProgress: (@Sendable (TorrentProgress) -> Void)?
    var finishMetadata: ((Result<[UInt8], SessionError>) -> Void)?

    var peerList: PeerList
    var announces: SwarmAnnounces
    var connections: [PeerKey: PeerConnection] = [:]
    /// Pieces being received.
    var buffers: [PieceIndex: PieceBuffer] = [:]
    /// Web seeds, in the order of the swarm machine's numbers, and what they are sending.
    var webSeeds: [TorrentWebSeed] = []
    var webSeedRuns: [PeerKey: WebSeedRun] = [:]
    var webSeedAttempts: UInt64 = 0
    /// Blocks of pieces that have no buffer (BEP 52).
    var looseBlocks: [PieceIndex: [Int: ReceivedBlock]] = [:]
    /// UDP announces whose tracker's name is being looked up: URL data (BEP 41) and event.
    var pendingUDP: [Int: (urlData: [UInt8], event: AnnounceEvent)] = [:]
    /// Announces under way, by tracker, and over what each tracker has answered.
    var announceLegs: [Int: AnnounceLegs] = [:]
    var answeredLegs: [Int: Set<AnnounceFamily>] = [:]
    /// Those over HTTP. The attempt tells an announce from a cancelled one to the same tracker, whose
    /// end comes later.
    var httpAnnounces: [AnnounceLeg: (attempt: UInt64, request: HTTPRequestID)] = [:]
    var lastHTTPAttempt: UInt64 = 0
    /// Where UDP trackers were last reached: one address, or one of each family.
    var udpEndpoints: [Int: [Endpoint]] = [:]
    /// Peers that trackers named for the v2 hash of a hybrid.
    var v2Peers: Set<Endpoint> = []
    var holepunch = Holepunch()
    /// Whom to dial over uTP alone, as they dial us, and till when.
    var introductions: [Endpoint: Timestamp] = [:]
    /// A tracker that was not asked, as it leads into the private network.
    var privateTracker: String?

    /// What each tracker failed with last, until it answers.
    var trackerErrors: [Int: TrackerError] = [:]

    /// Whether pieces that we had were evicted or could not be kept.
    var hasLostPieces = false
    /// Whether peers have been told that we download nothing more.
    var wasUploadOnly = false
    /// How many peers trackers know.
    var census = TrackerCensus()
    /// HTTP scrapes under way, by tracker.
    var httpScrapes: [Int: HTTPRequestID] = [:]

    var isStopping = false
    /// Whether, while stopping, no tracker is left to tell.
    var areTrackersTold = false
    /// Whether the peer list may have somebody to dial now, and when it will.
    var isDialDue = true
    var dialDeadline: Timestamp?
    /// When peers are called back for somebody who waits and whom nobody serves.
    var haste = Haste()
    /// Whether the download limit counts what this torrent asks for and gets.
    var isDownloadLimited = false
    /// Payload that the download limit has been told of.
    var countedDownload: Int64 = 0
    /// What this torrent has contributed to `ShardContext.outstandingDownload`.
    var countedOutstanding = 0
    /// When the download limit lets more be asked for, where it holds some back.
    var allowanceDeadline: Timestamp?
    /// Grows with each turn in which the download limit let something pass.
    var lastGrant: UInt64 = 0
    /// See `findLayerRequestCount`.
    var layerRequestCount: Int?
    /// Whether the store has been asked to tell when memory comes back.
    var isAwaitingBuffers = false
    /// Where a turn's decisions are taken to, to use its memory again.
    var swarmActions: [SwarmAction] = []

    init(
        id: TorrentID, identity: TorrentIdentity, sources: TorrentSources, context: ShardContext,
        now: Timestamp
    ) {
        self.id = id
        self.identity = identity
        self.sources = sources
        self.context = context
        let seed = context.nextSeed()
        peerList = PeerList(seed: seed, now: now)
        announces = SwarmAnnounces(
            hashes: identity.announcedHashes, tiers: sources.trackerTiers,
            isPrivate: sources.isPrivate, isComplete: sources.isComplete, seed: seed)
    }

    // MARK: - Life

    /// Begins with the metadata known, or goes on with it when it has been fetched.
    func start(metainfo: TorrentMetainfo, store: PieceStore, now: Timestamp) {
        let isFirstStart = metadataDownload == nil
        self.metainfo = metainfo
        self.store = store
        identity = metainfo.info.identity
        metadataDownload = nil
        reportProgress = nil
        let (id, mailbox) = (self.id, context.mailbox)
        // Before the look at what is cached: what is evicted from now on is told.
        store.setPiecesLostHandler { mailbox.post(.piecesLost(id, $0)) }
        store.setSource(EngineBlockSource(torrent: id, mailbox: context.mailbox))
        let have = store.obtainable
        let layout = metainfo.info.layout
        let isPadding: (@Sendable (BlockRequest) -> Bool)? =
            layout.hasPadding ? { @Sendable in layout.isPadding($0) } : nil
        let tree: (@Sendable (PieceIndex) -> PieceTree?)? =
            metainfo.info.version == .v1 ? nil : { @Sendable in store.tree(of: $0) }
        swarm = TorrentStateMachine(
            geometry: metainfo.info.geometry, have: have,
            configuration: SwarmConfiguration(
                // Four pieces, as the store gives every torrent.
                bufferBytes: max(
                    context.configuration.bufferBytes, 4 * metainfo.info.geometry.pieceLength),
                isUploadEnabled: sources.isUploadEnabled,
                peerID: sources.isUploadEnabled ? context.peerID : nil),
            seed: context.nextSeed(), now: now,
            isPadding: isPadding,
            tree: tree, unverifiable: store.unverifiable)
        store.setBufferAvailableHandler { mailbox.post(.buffersAvailable(id)) }
        if isFirstStart { findPeers(now: now) }
        addWebSeeds(now: now)
        if isPrivate {
            announces.becomePrivate(now: now)
            endDHTSearch(now: now)
            dropGossip(now: now)
        } else {
            searchDHT(now: now)
        }
        announces.start(also: identity.announcedHashes, isPrivate: isPrivate, now: now)
        for connection in Array(connections.values) where connection.machine.isHandshaken {
            join(connection, now: now)
            connection.machine.metadataKnown(
                geometry: metainfo.info.geometry,
                have: sources.isUploadEnabled ? have : Bitfield(count: have.count),
                metadataSize: servedMetadata?.count)
            connection.drainActions(now: now)
        }
    }

    /// Begins with an infohash only.
    func startMetadataDownload(
        progress: @escaping @Sendable (TorrentProgress) -> Void, now: Timestamp,
        completion: @escaping (Result<[UInt8], SessionError>) -> Void
    ) {
        metadataDownload = MetadataDownload(identity: identity)
        reportProgress = progress
        finishMetadata = completion
        findPeers(now: now)
        haste.wait(now: now)
        reportMetadataProgress()
    }

    private func findPeers(now: Timestamp) {
        for peer in sources.peers { resolvePeer(peer, isFromMagnet: false) }
        if !isPrivate {
            for peer in sources.magnetPeers { resolvePeer(peer, isFromMagnet: true) }
        }
        announces.start(now: now)
        if !isPrivate { context.dht?.addTorrentNodes(sources.dhtNodes) }
        searchDHT(now: now)
    }

    /// Whether only the trackers, and the user, may name peers (BEP 27).
    var isPrivate: Bool { metainfo?.info.isPrivate ?? sources.isPrivate }

    /// Whether every piece is verified and can be served, the last ones perhaps from memory still.
    var isComplete: Bool { swarm?.have.isFull ?? false }

    /// Closes the connections and tells the trackers.
    func stop(now: Timestamp) {
        guard !isStopping else { return }
        endFetching(now: now)
        endDHTSearch(now: now)
        cancelScrapes()
        announces.stop(now: now)
        runAnnounces(now: now)
    }

    /// Closes the connections, and has whoever waits for the metadata know that it does not come.
    private func endFetching(now: Timestamp) {
        isStopping = true
        abandonFetches()
        endDownloadLimit()
        finishMetadata?(.failure(.cancelled))
        finishMetadata = nil
        for connection in Array(connections.values) {
            connection.shutDown(now: now)
        }
    }

    /// Whether the trackers have been told, or need not be.
    var isStopped: Bool { isStopping && areTrackersTold }

    /// Ends everything at once.
    func close(now: Timestamp) {
        endFetching(now: now)
        for announce in httpAnnounces.values { context.http.cancel(announce.request) }
        httpAnnounces = [:]
        cancelScrapes()
        pendingUDP = [:]
        context.udpTrackers.cancel(torrent: id, tracker: nil)
        buffers = [:]
        looseBlocks = [:]
    }

    // MARK: - Time

    /// What the torrent has to do in every turn of its shard.
    func turn(now: Timestamp) {
        if let due = announces.nextDeadline, now >= due { announces.timerFired(now: now) }
        // At the end only the trackers are told anything: no server is asked, no peer dialled.
        guard !isStopping else { return runAnnounces(now: now) }
        if let due = swarm?.nextDeadline, now >= due {
            tellProgress()
            swarm?.timerFired(now: now)
        }
        if let due = metadataDownload?.nextDeadline, now >= due {
            metadataDownload?.timerFired(now: now)
        }
        hurryAgain(now: now)
        runMetadata(now: now)
        runAnnounces(now: now)
        runSwarm(now: now)
        dial(now: now)
    }

    /// When `turn` is needed next.
    var nextDeadline: Timestamp? {
        var deadline = announces.nextDeadline
        guard !isStopping else { return deadline }
        for other in [
            swarm?.nextDeadline, metadataDownload?.nextDeadline, dialDeadline, allowanceDeadline,
            haste.deadline,
        ] {
            if let other { deadline = min(deadline ?? other, other) }
        }
        return deadline
    }

    /// Fires the timers of connections and tracker requests.
    func sweep(now: Timestamp) {
        for connection in Array(connections.values) {
            if now >= connection.nextDeadline { connection.timerFired(now: now) }
        }
        tellOfPeers(now: now)
        askForIntroductions(now: now)
        if metadataDownload != nil { reportMetadataProgress() }
    }
}
