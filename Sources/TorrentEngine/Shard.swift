import Metainfo
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// Whole torrents on one event loop: their peers, trackers and timers.
///
/// The actor's executor is the loop's thread, which enters it once a turn; everything below is
/// synchronous and belongs to this thread alone.
actor Shard: EventLoopDriver {
    /// Peers' own timers (keep-alive, inactivity) are coarse: they are looked at this often.
    private static let sweepInterval = Interval.milliseconds(500)

    private nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let context: ShardContext
    private var incoming: IncomingConnections?
    private var nextSweep = Timestamp.zero
    private var isStopping = false
    private var stopContinuation: CheckedContinuation<Void, Never>?
    private var stopDeadline: Timestamp?

    /// A shard for `loop`, which is to be run with it.
    init(
        loop: EventLoop, mailbox: Mailbox<ShardMessage>, configuration: SessionConfiguration,
        peerID: PeerID, http: HTTPClient, resolver: Resolver
    ) {
        self.loop = loop
        context = ShardContext(
            loop: loop, mailbox: mailbox, configuration: configuration, peerID: peerID,
            http: http, resolver: resolver)
    }

    func turn(_ events: [ReadyEvent], now: Timestamp) -> Timestamp? {
        for event in events { context.dispatch(event, now: now) }
        context.utp?.turn(now: now)
        for message in context.mailbox.take() { handle(message, now: now) }
        if now >= nextSweep {
            nextSweep = now + Self.sweepInterval
            incoming?.sweep(now: now)
            for torrent in context.torrents.values { torrent.sweep(now: now) }
            context.localDiscovery?.announce(now: now)
            context.network?.sweep()
        }
        if let due = context.network?.nextDeadline, now >= due {
            context.network?.timerFired(now: now)
        }
        if let due = context.udpTrackers.nextDeadline, now >= due {
            context.udpTrackers.timerFired(now: now)
        }
        if let due = context.dht?.nextDeadline, now >= due { context.dht?.timerFired(now: now) }
        context.lateAcknowledgements.acknowledge(now: now)
        // Flushing may close connections, and that may give their blocks to others: go round until
        // nothing is left to send.
        repeat {
            context.resumeUploads(now: now)
            if let torrents = context.torrentsInTurn {
                for torrent in torrents { torrent.turn(now: now) }
            } else {
                for torrent in context.torrents.values { torrent.turn(now: now) }
            }
        } while context.flush(now: now)
        context.utp?.flush()
        context.datagrams?.flush()
        finishStopping(now: now)
        finishLeaving(now: now)
        var deadline = min(nextSweep, context.udpTrackers.nextDeadline ?? nextSweep)
        if let due = context.lateAcknowledgements.deadline { deadline = min(deadline, due) }
        if let due = context.dht?.nextDeadline { deadline = min(deadline, due) }
        if let due = context.utp?.nextDeadline { deadline = min(deadline, due) }
        if let due = context.uploadGate.nextDeadline { deadline = min(deadline, due) }
        if let due = context.network?.nextDeadline { deadline = min(deadline, due) }
        for torrent in context.torrents.values {
            if let due = torrent.nextDeadline, due < deadline { deadline = due }
        }
        return deadline
    }

    // MARK: - Torrents

    /// Starts to listen; done once, before torrents are added.
    func listen(on endpoints: [Endpoint], mayChooseOtherPort: Bool) throws(SystemError) -> UInt16 {
        let incoming = IncomingConnections(context: context)
        let ports = try ListeningPort.bind(endpoints, mayChooseOtherPort: mayChooseOtherPort)
        for port in ports {
            try incoming.listen(on: port.listener)
            if context.listenPort == 0 { context.listenPort = port.listener.endpoint.port }
        }
        if !ports.isEmpty {
            let datagrams = try DatagramPort(ports.map(\.datagrams), context: context)
            context.datagrams = datagrams
            if let options = context.configuration.dht {
                let now = Timestamp.now()
                let node = DHTNode(options, port: datagrams, context: context, now: now)
                context.dht = node
                node.start(now: now)
            }
            if context.configuration.isUTPEnabled {
                context.utp = UTPPort(datagrams) { [weak incoming] in
                    incoming?.take($0, from: $1, now: $2)
                }
            }
        }
        context.listeningAddresses = ports.map(\.listener.endpoint.address)
        self.incoming = incoming
        let listening = ports.map(\.listener.endpoint.address)
        context.localDiscovery = LocalDiscoveryService(
            context: context, listening: listening, now: .now())
        context.network = NetworkMonitor(context: context, listening: listening, now: .now())
        return context.listenPort
    }

    /// Takes a torrent whose metainfo is known.
    func add(
        _ id: TorrentID, metainfo: TorrentMetainfo, store: PieceStore, sources: TorrentSources
    ) throws(SessionError) {
        let torrent = try insert(id, identity: metainfo.info.identity, sources: sources)
        torrent.start(metainfo: metainfo, store: store, now: .now())
        loop.wake()
    }

    /// Takes a torrent of which only the infohash is known, and returns its info dictionary when
    /// peers have given it (BEP 9). `began` is called when the torrent is there to be removed.
    func fetchMetadata(
        _ id: TorrentID, identity: TorrentIdentity, sources: TorrentSources,
        progress: @escaping @Sendable (TorrentProgress) -> Void,
        began: @Sendable () -> Void = {}
    ) async throws(SessionError) -> [UInt8] {
        let torrent = try insert(id, identity: identity, sources: sources)
        // A task that was cancelled before may have asked to remove what was not there yet.
        guard !Task.isCancelled else {
            context.torrents[id] = nil
            throw .cancelled
        }
        began()
        let result: Result<[UInt8], SessionError> = await withCheckedContinuation { continuation in
            torrent.startMetadataDownload(progress: progress, now: .now()) {
                continuation.resume(returning: $0)
            }
            loop.wake()
        }
        return try result.get()
    }

    /// Goes on with a torrent whose metadata has been fetched.
    func start(
        _ id: TorrentID, metainfo: TorrentMetainfo, store: PieceStore
    ) throws(SessionError) {
        guard let torrent = context.torrents[id], !torrent.isStopping else { throw .cancelled }
        torrent.start(metainfo: metainfo, store: store, now: .now())
        loop.wake()
    }

    /// Ends a torrent. Whoever waits for it waits no more; its trackers are told while the shard
    /// goes on.
    func remove(_ id: TorrentID) {
        context.torrents[id]?.stop(now: .now())
        loop.wake()
    }

    /// The figures of the torrents that are mounted or seeded.
    func statistics() -> [TorrentStatistics] {
        context.torrents.values.sorted { $0.id.rawValue < $1.id.rawValue }
            .compactMap { $0.statistics(now: .now()) }
    }

    /// Changes how fast the session may be.
    func changeLimits(_ change: @Sendable (inout RateLimits) -> Void) {
        change(&context.limits)
        context.applyLimits(now: .now())
        loop.wake()
    }

    /// How fast the session may be.
    var limits: RateLimits { context.limits }

    /// Fails where the session has the torrent already.
    func refuseDouble(_ identity: TorrentIdentity) throws(SessionError) {
        let isHere = context.torrents.values.contains {
            !$0.isStopping && $0.identity.isSame(as: identity)
        }
        guard !isHere else {
            throw .givenTwice(identity)
        }
    }

    private func insert(
        _ id: TorrentID, identity: TorrentIdentity, sources: TorrentSources
    ) throws(SessionError) -> Torrent {
        guard !isStopping else { throw .cancelled }
        try refuseDouble(identity)
        let torrent = Torrent(
            id: id, identity: identity, sources: sources, context: context, now: .now())
        context.torrents[id] = torrent
        return torrent
    }

    // MARK: - Stopping

    /// Closes every connection, tells trackers, and returns when they have been told or `limit`
    /// has passed. Nothing is sent afterwards.
    func stop(within limit: Interval) async {
        let now = Timestamp.now()
        isStopping = true
        incoming?.stop(now: now)
        incoming = nil
        for torrent in context.torrents.values { torrent.stop(now: now) }
        context.dht?.stop()
        context.dht = nil
        stopDeadline = now + limit
        await withCheckedContinuation { continuation in
            stopContinuation = continuation
            loop.wake()
        }
    }

    private func finishStopping(now: Timestamp) {
        guard let continuation = stopContinuation, let stopDeadline else { return }
        guard now >= stopDeadline || context.torrents.values.allSatisfy(\.isStopped) else { return }
        stopContinuation = nil
        for torrent in context.torrents.values { torrent.close(now: now) }
        context.torrents = [:]
        context.utp?.flush()
        context.utp = nil
        context.datagrams?.stop()
        context.datagrams = nil
        continuation.resume()
    }

    /// Lets go of removed torrents whose trackers have been told.
    private func finishLeaving(now: Timestamp) {
        guard stopContinuation == nil else { return }
        for (id, torrent) in context.torrents where torrent.isStopped {
            context.torrents[id] = nil
            torrent.close(now: now)
        }
    }

    // MARK: - Messages

    private func handle(_ message: ShardMessage, now: Timestamp) {
        switch message {
        case .readArrived(let id, let read, let pieces, let bytes):
            context.torrents[id]?.readArrived(read, pieces: pieces, bytes: bytes, now: now)
        case .blockVerified(let id, let request, let isGood):
            context.torrents[id]?.swarm?.blockVerified(request, isGood: isGood, now: now)
        case .readEnded(let id, let read):
            context.torrents[id]?.readEnded(read, now: now)
        case .readahead(let id, let stream, let pieces):
            context.torrents[id]?.readahead(stream, pieces: pieces, now: now)
        case .readTimedOut(let id, let pieces, let path):
            context.torrents[id]?.readTimedOut(pieces: pieces, path: path, now: now)
        case .pieceFinished(let id, let outcome):
            context.torrents[id]?.pieceFinished(outcome, now: now)
        case .piecesLost(let id, let pieces):
            context.torrents[id]?.piecesLost(pieces, now: now)
        case .buffersAvailable(let id):
            context.torrents[id]?.isAwaitingBuffers = false
        case .blocksRead(let id, let peer, let requests, let blocks):
            context.torrents[id]?.blocksRead(blocks, requests: requests, for: peer, now: now)
        case .portMapped(let port): context.listenPort = port
        case .webSeedAnswered(let id, let lane, let attempt):
            context.torrents[id]?.webSeedAnswered(lane, attempt: attempt, now: now)
        case .webSeedArrived(let id, let lane, let attempt):
            context.torrents[id]?.webSeedArrived(lane, attempt: attempt, now: now)
        case .webSeedPartEnded(let id, let lane, let attempt, let part, let failure):
            context.torrents[id]?.webSeedPartEnded(
                lane, attempt: attempt, part: part, failure, now: now)
        case .hashesFound(let id, let peer, let request, let hashes):
            context.torrents[id]?.hashesFound(request, hashes, for: peer, now: now)
        case .httpAnnounced(let id, let leg, let attempt, let result):
            context.torrents[id]?.httpAnnounced(leg, attempt: attempt, result, now: now)
        case .httpScraped(let id, let tracker, let result):
            context.torrents[id]?.httpScraped(tracker, result)
        case .udpTrackerResolved(let id, let tracker, let endpoints):
            context.torrents[id]?.udpTrackerResolved(tracker, endpoints, now: now)
        case .dhtEntrancesResolved(let endpoints, let areRouters):
            context.dht?.entrancesResolved(endpoints, areRouters: areRouters, now: now)
        case .dhtNodesNamed(let endpoints):
            for endpoint in endpoints { context.dht?.addNode(endpoint, now: now) }
        case .peersResolved(let id, let endpoints, let isFromMagnet):
            context.torrents[id]?.peersResolved(endpoints, isFromMagnet: isFromMagnet, now: now)
        }
    }
}
