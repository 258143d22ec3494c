import TorrentCore

/// All that the state machine knows of one connection.
struct SwarmPeer {
    /// A piece for which the peer rejected a request: it is not asked again for a while.
    struct Refusal {
        let piece: PieceIndex
        var until: Timestamp
        var count: Int
    }

    let key: PeerKey
    /// What the blocks that it sends are known by.
    var senderKey: PeerKey
    /// Set where this is no peer but one of a web seed's lanes.
    var lane: WebSeedLane?
    let traits: PeerTraits
    var requestLimit: Int
    var isConnected = true
    var isBanned = false

    /// Every piece; `bits` says nothing then.
    var hasAll = false
    /// Nothing was announced yet where its count is zero.
    var bits = Bitfield(count: 0)
    /// Whether it has, or once had, every piece: what it lacks now is taken off then (see
    /// `PieceAvailability`), and `bits`, where there are any, are those of a former seed.
    var isCountedWhole = false

    /// It was seen to lack something.
    var wasPartial = false
    /// What it contributes to `SharingRank`; nil where it goes by other rules.
    let sharingKey: UInt64?
    /// Where the pieces are that it announced, or said it fetches, lately: a moving average of their numbers.
    var meanHave: Double?
    /// When it last announced one, or that it fetches one.
    var lastHaveAt: Timestamp?
    /// What it has said that it fetches from a seed.
    var claims = FetchClaims()
    /// How it keeps to its part of what readers share.
    var turns = SharingTurns()

    var isChokingUs = true
    var chokedAt: Timestamp
    var isInterestedInUs = false
    /// Whether it has said that it downloads nothing more (BEP 21).
    var isUploadOnly = false
    var amInterested = false
    var amChoking = true
    var unchokedAt = Timestamp.zero
    var waitingSince = Timestamp.zero
    var allowedFast: [PieceIndex] = []

    var queue = RequestQueue()
    var model = PeerModel()
    /// The demand version for which nothing could be requested of it; saves looking again.
    var exhaustedAt = UInt64.max
    /// The piece it last sent speculative blocks of.
    var lastSlot = OpenPieces.none
    var lastByteAt: Timestamp
    /// When the latest request was sent that it has answered with a block.
    var answeredSentAt = Timestamp.zero
    /// Requests, counted from the oldest, that a cancel comes too late for: the peer has handed the
    /// blocks to its socket. Learned from what comes all the same.
    var committed = 0
    /// Blocks that were recalled last, and those of them that came all the same.
    var recalledCount = 0
    var futileCount = 0
    /// It sent nothing for seconds though it owes blocks: it has stalled.
    var isSnubbed = false
    /// It sent nothing for longer than its model allows: what reads wait for goes to others until
    /// it sends again.
    var isLate = false
    /// When it sent again after it was late.
    var recoveredAt: Timestamp?
    /// When it may be given one block, to see whether it sends again, and the time to the next.
    var probeAt = Timestamp.zero
    var probePause = TorrentStateMachine.firstProbe
    var refusals: [Refusal] = []
    /// Hashes that it did not give one after the other, and until when it is asked for none.
    var hashRefusals = 0
    var hashPauseUntil = Timestamp.zero
    /// How long after a request for a block it takes to know the piece's leaves. Zero for those that
    /// know them anyway.
    var leafLag = Interval.zero

    var downloaded: RateEstimator
    var uploaded: RateEstimator

    init(key: PeerKey, traits: PeerTraits, now: Timestamp) {
        self.key = key
        senderKey = key
        self.traits = traits
        requestLimit = max(1, traits.requestLimit)
        sharingKey = SharingRank.key(of: traits.peerID)
        lastByteAt = now
        chokedAt = now
        downloaded = RateEstimator(now: now)
        uploaded = RateEstimator(now: now)
    }

    func has(_ piece: PieceIndex) -> Bool { hasAll || (bits.count > 0 && bits[piece]) }

    /// Requests that take a place in the peer's queue. A Fast peer answers a cancelled request
    /// (BEP 6) and holds its place until then; another may never answer, and is not waited for.
    var occupied: Int { traits.supportsFast ? queue.count : queue.liveCount }

    /// Learns from the last time that requests were recalled; before the next time.
    mutating func learnCommitted() {
        if futileCount > 0 {
            committed = min(committed + futileCount, PeerModel.maximumWindow)
        } else if recalledCount > 0 {
            // It may have become less.
            committed = max(0, committed - 1)
        }
        recalledCount = 0
        futileCount = 0
    }

    /// Seconds until all that it owes is here.
    func secondsToDrain(assumedRate: Double, now: Timestamp) -> Double {
        guard queue.liveCount > 0 else { return 0 }
        return model.secondsToDrain(
            queued: queue.liveBytes, oldestAge: (now - queue[0].sentAt).seconds,
            newestAge: (now - queue[queue.count - 1].sentAt).seconds, assumedRate: assumedRate)
    }

    /// Seconds until a whole block that is requested now is here.
    func secondsToArrival(assumedRate: Double, now: Timestamp) -> Double {
        model.secondsToArrival(
            drain: secondsToDrain(assumedRate: assumedRate, now: now),
            length: BlockRequest.standardLength, assumedRate: assumedRate)
    }

    func refuses(_ piece: PieceIndex, now: Timestamp) -> Bool {
        guard !refusals.isEmpty else { return false }
        return refusals.contains { $0.piece == piece && $0.until > now }
    }

    var speculativeWindow: Int {
        isSnubbed || isLate ? 1 : min(model.window, requestLimit, PeerModel.maximumWindow)
    }

    var urgentWindow: Int {
        isSnubbed ? 1 : min(model.urgentWindow, requestLimit, PeerModel.maximumWindow)
    }
}
