package import TorrentCore

/// Fetches an info dictionary from several peers at once, and believes only the infohash (BEP 9).
///
/// Peers that claim different sizes never disturb each other: each size is a candidate of its own.
/// Where a candidate does not verify and several peers contributed, it is fetched again from one
/// peer at a time, until the liars are found. A piece is asked of a second peer when the first is
/// slow, and never of the same peer again within 3 s (libtorrent and Transmission refuse that).
package struct MetadataDownload: Sendable {
    /// A piece that is awaited this long is asked of another, idle peer as well.
    package static let hedgeInterval = Interval.seconds(1)
    /// A piece that is awaited this long will not come. Longer than any round trip with 256 KiB
    /// before it on a slow line.
    package static let requestTimeout = Interval.seconds(10)
    /// After a reject or a time-out a peer rests this long, twice as long each time.
    package static let firstRest = Interval.seconds(3)
    /// The longest rest; libtorrent's after a reject.
    package static let longestRest = Interval.seconds(60)
    /// Requests in flight to one peer, at first and at most: 256 KiB hide a round trip of 50 ms at
    /// 5 MB/s, and Transmission refuses beyond 64.
    package static let firstWindow = 4
    /// See `firstWindow`.
    package static let largestWindow = 16
    /// Pieces in memory over all candidates: one dictionary of the largest size, and as much again
    /// for claims of other sizes.
    package static let maximumStoredBytes = 2 * MetadataMessage.maximumSize

    /// What the info dictionary must hash to.
    package let identity: TorrentIdentity
    /// Whether the info dictionary was found.
    package private(set) var isComplete = false
    /// By number, so that the same events always lead to the same actions.
    var peers: [MetadataPeer] = []
    var candidates: [MetadataCandidate] = []
    private var actions: [MetadataDownloadAction] = []

    /// Starts without peers.
    package init(identity: TorrentIdentity) { self.identity = identity }

    /// How far the candidate is that has most; 0 of 0 before any peer offers.
    package var progress: (received: Int, total: Int) {
        candidates.max { $0.storedBytes < $1.storedBytes }.map { ($0.storedBytes, $0.size) }
            ?? (0, 0)
    }

    /// What is to be done next; nil where everything was taken.
    package mutating func nextAction() -> MetadataDownloadAction? {
        actions.isEmpty ? nil : actions.removeFirst()
    }

    mutating func queue(_ action: MetadataDownloadAction) { actions.append(action) }

    // MARK: - Events

    /// A peer serves an info dictionary of `size` bytes; a size out of bounds is ignored. Said
    /// again with another size, the peer changes sides.
    package mutating func peerOffers(peer: UInt32, size: Int, now: Timestamp) {
        guard !isComplete, size > 0, size <= MetadataMessage.maximumSize else { return }
        if let known = peers.first(where: { $0.number == peer }) {
            guard known.size != size else { return }
            forget(peer, now: now)
        }
        let place = peers.firstIndex { $0.number > peer } ?? peers.endIndex
        peers.insert(MetadataPeer(number: peer, size: size), at: place)
        if candidate(size) == nil { candidates.append(MetadataCandidate(size: size)) }
        assign(size, now: now)
    }

    /// A peer is gone, or serves metadata no longer.
    package mutating func peerGone(_ peer: UInt32, now: Timestamp) {
        guard !isComplete else { return }
        forget(peer, now: now)
    }

    /// A peer sent a piece. It must have `totalSize` as it claimed before, or it is dropped.
    package mutating func arrived(
        peer: UInt32, piece: Int, totalSize: Int, bytes: [UInt8], hashing: some Hashing,
        now: Timestamp
    ) {
        guard !isComplete, let index = peers.firstIndex(where: { $0.number == peer }),
            let place = candidate(peers[index].size)
        else { return }
        let size = peers[index].size
        guard totalSize == size, piece >= 0, piece < candidates[place].pieceCount,
            bytes.count == MetadataMessage.length(ofPiece: piece, size: size)
        else {
            return drop(peer, now: now)
        }
        peers[index].succeeded(piece)
        if candidates[place].accepts(peer) {
            candidates[place].store(bytes, piece: piece, from: peer)
            if candidates[place].isComplete {
                verify(place, hashing, now: now)
            } else {
                boundMemory(now: now)
            }
        }
        assign(size, now: now)
    }

    /// A peer will not send a piece.
    package mutating func rejected(peer: UInt32, piece: Int, now: Timestamp) {
        guard !isComplete, let index = peers.firstIndex(where: { $0.number == peer }),
            peers[index].inFlight.contains(where: { $0.piece == piece })
        else { return }
        failed(index, [piece], now: now)
        assign(peers[index].size, now: now)
    }

    /// Gives up on pieces that do not come, and asks others for those that are late.
    package mutating func timerFired(now: Timestamp) {
        guard !isComplete else { return }
        for index in peers.indices {
            let late = peers[index].inFlight
                .filter { now >= $0.sent + Self.requestTimeout }.map(\.piece)
            if !late.isEmpty { failed(index, late, now: now) }
        }
        for size in candidates.map(\.size) { assign(size, now: now) }
    }

    // MARK: - Outcomes

    private mutating func verify(_ place: Int, _ hashing: some Hashing, now: Timestamp) {
        let bytes = candidates[place].assembled()
        if identity.v1.map({ hashing.sha1(bytes.span) == $0 }) ?? true,
            identity.v2.map({ hashing.sha256(bytes.span) == $0 }) ?? true
        {
            isComplete = true
            peers = []
            candidates = []
            queue(.completed(bytes))
            return
        }
        let contributors = candidates[place].contributors
        let size = candidates[place].size
        let source = candidates[place].source
        for index in peers.indices where peers[index].size == size {
            peers[index].rest(now: now)
        }
        candidates[place].restart(
            source == .shared && contributors.count == 1
                ? .shared : .single(nil))
        if contributors.count == 1 { drop(contributors[0], now: now) }
    }

    private mutating func failed(_ index: Int, _ pieces: [Int], now: Timestamp) {
        peers[index].failed(pieces, now: now)
        guard let place = candidate(peers[index].size) else { return }
        for piece in pieces where !isAwaited(piece, size: peers[index].size) {
            candidates[place].giveBack(piece)
        }
        // Its turn alone is over; what it sent is worth nothing next to another's.
        if candidates[place].source == .single(peers[index].number) {
            peers[index].inFlight = []
            candidates[place].restart(.single(nil))
        }
    }

    private mutating func drop(_ peer: UInt32, now: Timestamp) {
        forget(peer, now: now)
        queue(.drop(peer: peer))
    }

    /// Its pieces go to the others of its size.
    private mutating func forget(_ peer: UInt32, now: Timestamp) {
        guard let index = peers.firstIndex(where: { $0.number == peer }) else { return }
        let gone = peers.remove(at: index)
        guard let place = candidate(gone.size) else { return }
        if !peers.contains(where: { $0.size == gone.size }) {
            candidates.remove(at: place)
        } else if candidates[place].source == .single(peer) {
            candidates[place].restart(.single(nil))
        } else {
            for request in gone.inFlight where !isAwaited(request.piece, size: gone.size) {
                candidates[place].giveBack(request.piece)
            }
        }
        assign(gone.size, now: now)
    }

    /// Too much in memory: the candidate that fewest peers stand for goes, with those peers.
    private mutating func boundMemory(now: Timestamp) {
        while candidates.count > 1,
            candidates.reduce(0, { $0 + $1.storedBytes }) > Self.maximumStoredBytes
        {
            let support = candidates.map { candidate in
                peers.count { $0.size == candidate.size }
            }
            let victim = candidates.indices.min {
                (support[$0], -candidates[$0].storedBytes)
                    < (support[$1], -candidates[$1].storedBytes)
            }
            guard let victim else { return }
            let size = candidates[victim].size
            for peer in peers.filter({ $0.size == size }) { drop(peer.number, now: now) }
        }
    }

    func candidate(_ size: Int) -> Int? { candidates.firstIndex { $0.size == size } }

    func isAwaited(_ piece: Int, size: Int) -> Bool {
        peers.contains { peer in
            peer.size == size && peer.inFlight.contains { $0.piece == piece }
        }
    }
}
