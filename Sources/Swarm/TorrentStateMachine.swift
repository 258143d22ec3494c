package import Metainfo
package import TorrentCore

/// All decisions about one torrent's swarm: what to request of whom, when to give up on a peer,
/// whom to upload to, whom to ban.
///
/// Events go in with the time; actions come out of `takeActions`. Nothing is requested that no
/// read waits for and no readahead window covers. Per-block events cost constant time; work that
/// looks at all peers happens only where reads, windows, peers or timers change, once for all the
/// events of a turn, inside `takeActions`.
///
/// Peers that are not (or no longer) connected, and pieces and blocks out of range, are ignored.
package struct TorrentStateMachine: Sendable {
    let geometry: PieceGeometry
    let configuration: SwarmConfiguration
    let isPadding: (@Sendable (BlockRequest) -> Bool)?
    /// Which pieces we have, verified.
    package internal(set) var have: Bitfield
    var availability: PieceAvailability
    var scheduler = ReadScheduler()
    var open: OpenPieces
    var smartBan = SmartBan()
    var hashes: HashPlan
    var choker: Choker
    var random: SeededRandom
    /// Orders equally rare pieces, differently in every client.
    let salt: UInt64

    /// What we contribute to `SharingRank`.
    let sharingKey: UInt64?
    /// Who reads along; see `findSharers`.
    var sharers: [Sharer] = []
    /// Since when reads wait for what they wait for.
    var urgentSince: [PieceIndex: Timestamp] = [:]
    /// What comes into the hands of readers that only seeds had, and the pieces from where they are
    /// that a shared seed may be asked for.
    var newToSwarm: RateEstimator
    var sharedPieces = 0
    /// Whether there is anybody who would want to know what we fetch from a seed.
    var hasReaders = false
    /// When to look again at what was left to others.
    var turnEndsAt: Timestamp?

    /// Slots; those that are not connected are free.
    var peers: [SwarmPeer] = []
    var freePeers: [Int] = []
    var peerNumbers: [PeerKey: Int] = [:]
    var lastPeer = 0
    /// Addresses of peers that left, for bans that come late.
    var departed: [(key: PeerKey, address: Endpoint)] = []

    /// Which files pieces are made of; known where there are web seeds.
    var layout: FileLayout?
    var webSeeds: [WebSeed] = []
    /// Web seeds are to be looked at in this turn.
    var webSeedsAreDue = false
    /// Peers could not keep up a moment ago: until then web seeds help with readahead.
    var webSeedsHelpUntil = Timestamp.zero

    /// Pieces that are fetched because super-seeding peers offer them; see `takeUpOffers`.
    var offers: [PieceIndex] = []
    /// They are to be looked at in this turn.
    var offersAreDue = false

    /// When a seed was last connected that is not any more, or a peer last saw one; nil for never.
    var completeSeenAt: Timestamp?

    var actions: [SwarmAction] = []
    /// How often actions were taken.
    var turn: UInt64 = 0
    var now: Timestamp
    /// Grows whenever something new can be requested; see `SwarmPeer.exhaustedAt`.
    var demandVersion: UInt64 = 0
    /// All peers are to be looked at in this turn.
    var needsSchedule = false
    /// Some urgent piece may have blocks to request.
    var urgentHasWork = false
    var shortage = BufferShortage.none
    /// Opening is not tried before, since there was no buffer.
    var openingPausedUntil = Timestamp.zero
    /// See `memoryAvailable`; less what was opened since.
    var availableBytes = Int.max
    /// Scratch arrays of the urgent scheduler.
    var candidates: [UrgentCandidate] = []

    /// What the rate of an unproven peer is taken to be.
    var assumedRate = PeerModel.unprovenRate
    var downloaded: RateEstimator
    var totalRate = 0.0
    /// Payload bytes up, down and wasted so far, without the counts and rates.
    package internal(set) var counts = SwarmStatistics()
    var uploaded: RateEstimator
    /// Bytes requested for waiting reads, and bytes requested twice, both halved now and then.
    var urgentBytes = 0
    var duplicateBytes = 0

    /// See `allowDownload`; less what was asked for since.
    var downloadAllowance = Int.max
    var urgentReserve = 0
    /// What `allowDownload` must exceed for more to be asked for; nil where it holds nothing back.
    package internal(set) var heldBackAbove: Int?

    var lateCheckAt: Timestamp?
    var maintenanceAt: Timestamp
    var rechokeAt: Timestamp

    /// A torrent with no peers.
    ///
    /// - Parameters:
    ///   - have: what is cached and verified.
    ///   - seed: of all random decisions.
    ///   - isPadding: whether a block lies wholly in padding (BEP 47). It is asked once for each
    ///     block of a piece that is opened; such a block is never requested, and counts as there.
    ///     Nil where the torrent has no padding.
    ///   - tree: where a piece stands in its file's Merkle tree, for reads of single blocks; nil where
    ///     the torrent has none (v1), or they are not wanted. It is to know at once what was told by
    ///     `layerArrived`.
    ///   - unverifiable: pieces that cannot be verified, whole or not, before `layerArrived`.
    package init(
        geometry: PieceGeometry, have: Bitfield, configuration: SwarmConfiguration, seed: UInt64,
        now: Timestamp, isPadding: (@Sendable (BlockRequest) -> Bool)? = nil,
        tree: (@Sendable (PieceIndex) -> PieceTree?)? = nil, unverifiable: Bitfield? = nil
    ) {
        precondition(have.count == geometry.pieceCount)
        self.geometry = geometry
        self.configuration = configuration
        self.isPadding = isPadding
        hashes = HashPlan(tree: tree, unverifiable: unverifiable)
        self.have = have
        self.now = now
        availability = PieceAvailability(pieceCount: geometry.pieceCount)
        open = OpenPieces(pieceCount: geometry.pieceCount, pieceLength: geometry.pieceLength)
        choker = Choker(slots: configuration.unchokeSlots)
        random = SeededRandom(seed: seed)
        salt = random.next()
        sharingKey = SharingRank.key(of: configuration.peerID)
        newToSwarm = RateEstimator(now: now)
        downloaded = RateEstimator(now: now)
        uploaded = RateEstimator(now: now)
        maintenanceAt = now + Self.maintenanceInterval
        rechokeAt = now + Choker.interval
    }

    /// Everything to do now, in order. Also plans the requests that the events of this turn made
    /// possible, so call it once after each batch of events, and until then keep receiving out of
    /// piece buffers that other peers write.
    package mutating func takeActions() -> [SwarmAction] {
        schedule()
        turn &+= 1
        guard !actions.isEmpty else { return [] }
        var taken: [SwarmAction] = []
        taken.reserveCapacity(actions.capacity)
        swap(&taken, &actions)
        return taken
    }

    /// The same without an allocation: replaces the contents of `taken`, whose memory is used for
    /// the next turn.
    package mutating func takeActions(into taken: inout [SwarmAction]) {
        schedule()
        turn &+= 1
        taken.removeAll(keepingCapacity: true)
        swap(&taken, &actions)
    }

    /// Counts and rates for a status report. Linear in the number of peers.
    package mutating func statistics(now: Timestamp) -> SwarmStatistics {
        var result = counts
        for peer in peers where peer.isConnected && peer.lane == nil {
            result.peers += 1
            if !peer.isChokingUs { result.peersUnchoked += 1 }
            if peer.hasAll { result.seeds += 1 }
        }
        result.downloadRate = Int(downloaded.rate(now: now))
        result.uploadRate = Int(uploaded.rate(now: now))
        return result
    }

    /// Whether a connected peer has everything.
    package func isSeed(_ key: PeerKey) -> Bool {
        peerNumbers[key].map { peers[$0].isConnected && peers[$0].hasAll } ?? false
    }

    /// The slot of a connected peer.
    mutating func number(of key: PeerKey) -> Int? {
        if lastPeer < peers.count, peers[lastPeer].key == key, peers[lastPeer].isConnected {
            return lastPeer
        }
        guard let number = peerNumbers[key] else { return nil }
        lastPeer = number
        return number
    }

    /// Something new can be requested: look at all peers at the end of the turn.
    mutating func workAppeared() {
        demandVersion &+= 1
        needsSchedule = true
    }
}
