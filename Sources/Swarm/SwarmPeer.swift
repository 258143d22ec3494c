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
    let traits: PeerTraits
    var requestLimit: Int
    var isConnected = true
    var isBanned = false

    /// Every piece; `bits` is empty then.
    var hasAll = false
    /// Nothing was announced yet where its count is zero.
    var bits = Bitfield(count: 0)

    var isChokingUs = true
    var chokedAt: Timestamp
    var isInterestedInUs = false
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
    var isSnubbed = false
    var refusals: [Refusal] = []

    var downloaded: RateEstimator
    var uploaded: RateEstimator

    init(key: PeerKey, traits: PeerTraits, now: Timestamp) {
        self.key = key
        self.traits = traits
        requestLimit = max(1, traits.requestLimit)
        lastByteAt = now
        chokedAt = now
        downloaded = RateEstimator(now: now)
        uploaded = RateEstimator(now: now)
    }

    func has(_ piece: PieceIndex) -> Bool { hasAll || (bits.count > 0 && bits[piece]) }

    /// Requests that take a place in the peer's queue. A Fast peer answers a cancelled request
    /// (BEP 6) and holds its place until then; another may never answer, and is not waited for.
    var occupied: Int { traits.supportsFast ? queue.count : queue.liveCount }

    func refuses(_ piece: PieceIndex, now: Timestamp) -> Bool {
        guard !refusals.isEmpty else { return false }
        return refusals.contains { $0.piece == piece && $0.until > now }
    }

    var speculativeWindow: Int {
        isSnubbed ? 1 : min(model.window, requestLimit, PeerModel.maximumWindow)
    }

    var urgentWindow: Int {
        isSnubbed ? 1 : min(model.urgentWindow, requestLimit, PeerModel.maximumWindow)
    }
}
