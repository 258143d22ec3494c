import Metainfo
package import TorrentCore

/// Whom to ask for hashes of Merkle trees (BEP 52).
extension TorrentStateMachine {
    /// A peer that does not answer by then is passed over for these hashes: some round trips, and a
    /// piece read and hashed on a slow disk.
    static let hashTimeout = Interval.seconds(2)
    /// A peer that twice refused hashes is asked for none for so long. It is not banned: it may keep
    /// no leaves, and still sends blocks.
    static let hashPause = Interval.seconds(60)

    /// Fetches the leaves of these blocks where they are not known.
    mutating func fetchLeaves(of range: Range<Int>, _ slot: Int) {
        let piece = open[slot].piece
        guard let tree = hashes.tree?(piece), !range.isEmpty else { return }
        let size = tree.runLength
        for run in range.lowerBound / size...(range.upperBound - 1) / size {
            guard !hashes.hasLeaves(LeafRun(piece, run)), let request = tree.leafRequest(run: run),
                hashes.fetches[request] == nil
            else { continue }
            hashes.fetches[request] = HashFetch(run: run, piece: piece)
            hashes.hasWork = true
            needsSchedule = true
        }
    }

    /// Fetches the part of the piece layer without which a piece that is wanted cannot be verified.
    mutating func fetchLayer(for piece: PieceIndex) {
        guard let tree = hashes.tree?(piece), tree.node == nil, let request = tree.layerRequest,
            hashes.fetches[request] == nil
        else { return }
        hashes.fetches[request] = HashFetch(run: nil, piece: piece)
        hashes.hasWork = true
        needsSchedule = true
    }

    /// Fetches what the pieces of a window lack, as long as they lack anything.
    mutating func fetchLayers(for window: Range<PieceIndex>) {
        guard let unverifiable = hashes.unverifiable else { return }
        var next = window.lowerBound
        while let piece = unverifiable.first(in: next..<window.upperBound, isSet: true) {
            fetchLayer(for: piece)
            // One request covers the next ones of its file too.
            let covered = hashes.tree?(piece)?.layerRequest.map { request in
                let place = (hashes.tree?(piece)?.firstLeaf ?? 0) >> Int(request.baseLayer)
                return Int(request.index) + Int(request.length) - place
            }
            next = piece.advanced(by: max(1, covered ?? 1))
            guard next < window.upperBound else { return }
        }
    }

    /// Asks peers for what is wanted.
    mutating func scheduleHashes() {
        guard hashes.hasWork else { return }
        hashes.hasWork = false
        wakeDelayedHashes()
        // In an order that does not depend on the dictionary's, so that a seed decides everything.
        let wanted = hashes.fetches.filter { if case .wanted = $1.state { true } else { false } }
            .sorted { ($0.value.piece, $0.key.index) < ($1.value.piece, $1.key.index) }
        for (request, fetch) in wanted {
            guard isNeeded(fetch) else {
                hashes.fetches[request] = nil
                continue
            }
            guard let number = peerToAsk(for: fetch) else {
                give(up: request, fetch)
                continue
            }
            let lag = leafLag(of: number, fetch)
            guard lag == .zero else {
                delay(request, of: number, by: lag)
                continue
            }
            let key = peers[number].key
            hashes.fetches[request]?.state = .requested(peer: key, at: now)
            actions.append(.requestHashes(key, request))
        }
    }

    /// Who sends a block of the run is asked for its leaves first, since BEP 52 does not let it
    /// refuse them; else whoever is quickest.
    private func peerToAsk(for fetch: HashFetch) -> Int? {
        var best: Int?
        var bestRank = (2, Double.infinity)
        let slot = open.slot(of: fetch.piece)
        for number in peers.indices
        where givesHashes(number, fetch.piece) && !fetch.tried.contains(peers[number].key) {
            var sends = false
            if let run = fetch.run, slot != OpenPieces.none, let tree = hashes.tree?(fetch.piece) {
                let first = run * tree.runLength
                let last = min(first + tree.runLength, open[slot].blockCount)
                sends = (first..<max(first, last)).contains { block in
                    open[slot, block].isRequested(of: Int16(number))
                        || open[slot, block].sender == peers[number].key.rawValue
                }
            }
            let rank = (sends ? 0 : 1, peers[number].model.latency)
            if rank < bestRank { (best, bestRank) = (number, rank) }
        }
        return best
    }

    /// Whether hashes are still of use: leaves only while blocks of the piece come one by one.
    private func isNeeded(_ fetch: HashFetch) -> Bool {
        guard fetch.run != nil else { return true }
        let slot = open.slot(of: fetch.piece)
        return slot != OpenPieces.none && open[slot].isSparse
    }

    /// Nobody gives these hashes now: the piece is fetched whole; a layer is asked for again when
    /// somebody may have it.
    private mutating func give(up request: HashRequest, _ fetch: HashFetch) {
        guard fetch.run != nil else {
            hashes.fetches[request]?.tried = []
            return
        }
        hashes.fetches[request] = nil
        let slot = open.slot(of: fetch.piece)
        if slot != OpenPieces.none { becomeWhole(slot) }
    }

    /// Somebody may now give hashes that nobody gave.
    mutating func hashSourceAppeared() {
        guard !hashes.fetches.isEmpty else { return }
        hashes.hasWork = true
        needsSchedule = true
    }

    // MARK: - Answers

    /// Leaves that a peer was asked for came, and are proven: 32 bytes each.
    package mutating func leavesArrived(
        _ key: PeerKey, _ request: HashRequest, _ leaves: [SHA256Digest], now: Timestamp
    ) {
        self.now = now
        answered(key)
        guard let fetch = hashes.fetches.removeValue(forKey: request), let run = fetch.run,
            let tree = hashes.tree?(fetch.piece), leaves.count == tree.runLength
        else { return }
        hashes.setLeaves(LeafRun(fetch.piece, run), leaves)
        let slot = open.slot(of: fetch.piece)
        guard slot != OpenPieces.none, open[slot].state == .active, open[slot].isSparse else {
            return
        }
        let first = run * tree.runLength
        for block in first..<max(first, min(first + tree.runLength, open[slot].blockCount)) {
            verifyBlock(slot, block)
        }
    }

    /// A part of a piece layer came, and is proven: these pieces can be verified from now on.
    package mutating func layerArrived(
        _ key: PeerKey, _ request: HashRequest, pieces: Range<PieceIndex>, now: Timestamp
    ) {
        self.now = now
        answered(key)
        hashes.fetches[request] = nil
        for piece in pieces.clamped(to: geometry.pieces) { hashes.unverifiable?[piece] = false }
        if hashes.unverifiable?.isEmpty == true { hashes.unverifiable = nil }
        urgentHasWork = true
        for number in peers.indices { peers[number].exhaustedAt = .max }
        workAppeared()
    }

    /// The peer will not send these hashes.
    package mutating func hashesRejected(
        _ key: PeerKey, _ request: HashRequest, now: Timestamp
    ) {
        self.now = now
        guard case .requested(let peer, _) = hashes.fetches[request]?.state, peer == key,
            let fetch = hashes.fetches[request]
        else { return }
        let slot = open.slot(of: fetch.piece)
        guard !fetch.refused.contains(key), let run = fetch.run, slot != OpenPieces.none,
            let tree = hashes.tree?(fetch.piece)
        else { return passOver(key, request) }
        hashes.fetches[request]?.refused.append(key)
        // It may not have read the piece before it sends a block of it.
        let first = run * tree.runLength
        let isHere = (first..<min(first + tree.runLength, open[slot].blockCount)).contains {
            open[slot, $0].status == .present
        }
        hashes.fetches[request]?.state = isHere ? .wanted : .postponed(peer: key, since: now)
        hashes.hasWork = true
        needsSchedule = true
    }

    /// The peer sent hashes that prove nothing: nobody errs like that.
    package mutating func hashesRefuted(
        _ key: PeerKey, _ request: HashRequest, now: Timestamp
    ) {
        self.now = now
        ban(key, .badHashes)
        forgetHashes(of: key)
    }

    private mutating func answered(_ key: PeerKey) {
        guard let number = number(of: key) else { return }
        peers[number].hashRefusals = 0
        shortenLeafLag(of: number)
    }

    /// The peer does not give these hashes; others may.
    private mutating func passOver(_ key: PeerKey, _ request: HashRequest) {
        hashes.fetches[request]?.tried.append(key)
        hashes.fetches[request]?.state = .wanted
        hashes.hasWork = true
        needsSchedule = true
        guard let number = number(of: key) else { return }
        peers[number].hashRefusals += 1
        if peers[number].hashRefusals >= 2 {
            peers[number].hashRefusals = 0
            peers[number].hashPauseUntil = now + Self.hashPause
        }
    }

    /// A peer has left: what it was asked for is asked of others.
    mutating func forgetHashes(of key: PeerKey) {
        for (request, fetch) in hashes.fetches {
            switch fetch.state {
            case .requested(let peer, _) where peer == key,
                .delayed(let peer, _) where peer == key,
                .postponed(let peer, _) where peer == key:
                hashes.fetches[request]?.state = .wanted
                hashes.hasWork = true
                needsSchedule = true
            default: break
            }
        }
    }

    /// Passes over who does not answer.
    mutating func checkHashes() {
        for (request, fetch) in hashes.fetches {
            switch fetch.state {
            case .requested(let peer, let at) where now - at > Self.hashTimeout:
                passOver(peer, request)
            case .wanted: hashSourceAppeared()
            case .postponed where !isNeeded(fetch): hashes.fetches[request] = nil
            default: break
            }
        }
        widenSparse()
    }
}

extension TorrentStateMachine {
    /// The piece that hashes are being fetched for; nil where they are not (any more).
    package func piece(askedFor request: HashRequest) -> PieceIndex? {
        hashes.fetches[request]?.piece
    }
}
