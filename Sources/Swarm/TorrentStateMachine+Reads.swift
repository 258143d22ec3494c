package import TorrentCore

extension TorrentStateMachine {
    /// A read waits for those of these pieces that we lack; where `bytes` names a part of the
    /// payload, for no more of them than that.
    package mutating func readArrived(
        _ read: ReadKey, pieces: Range<PieceIndex>, bytes: Range<Int64>? = nil, now: Timestamp
    ) {
        self.now = now
        let pieces = pieces.clamped(to: geometry.pieces)
        let added = scheduler.readArrived(read, pieces: pieces, bytes: bytes, have: have)
        for piece in added { becomeUrgent(piece) }
        guard hashes.tree != nil else { return }
        for piece in added { fetchLayer(for: piece) }
        guard open.sparseCount > 0 else { return }
        for piece in pieces {
            let slot = open.slot(of: piece)
            guard slot != OpenPieces.none, open[slot].isSparse else { continue }
            if let bytes {
                want(blocks(of: piece, in: bytes), of: slot)
            } else {
                becomeWhole(slot)
            }
            urgentHasWork = true
            workAppeared()
        }
    }

    /// A read waits no longer: answered, cancelled or timed out.
    package mutating func readEnded(_ read: ReadKey, now: Timestamp) {
        self.now = now
        for piece in scheduler.readEnded(read) {
            urgentSince[piece] = nil
            let slot = open.slot(of: piece)
            guard slot != OpenPieces.none else { continue }
            open.setUrgent(slot, false)
            if !scheduler.isAhead(piece) { becomeIdle(slot) }
            memoryFreed()
        }
    }

    /// A sequential reader will want these pieces next; replaces what it was said to want before.
    /// An empty range ends the stream. Linear in the pieces that the window leaves.
    package mutating func readahead(
        _ stream: StreamKey, pieces: Range<PieceIndex>, now: Timestamp
    ) {
        self.now = now
        let window = pieces.clamped(to: geometry.pieces)
        let left = scheduler.setWindow(stream, window)
        widenSparse(in: window)
        fetchLayers(for: window)
        for range in left {
            for piece in range {
                let slot = open.slot(of: piece)
                if slot != OpenPieces.none, !scheduler.isWanted(piece) { becomeIdle(slot) }
            }
        }
        workAppeared()
    }

    /// The pieces that reads wait for, earliest read first.
    package var waitedPieces: [PieceIndex] { scheduler.urgent }

    /// Why a read of these pieces still waits, for a log.
    package func waitReason(for pieces: Range<PieceIndex>) -> WaitReason {
        let wanted = pieces.clamped(to: geometry.pieces)
        let missing = wanted.filter { !have[$0] }
        guard !missing.isEmpty else { return .none }
        if missing.contains(where: { isFetched($0) }) {
            return .webSeed(bytesPerSecond: Int(totalRate))
        }
        guard peerCount > 0 else {
            return webSeeds.lazy.compactMap(\.lastFailure).first.map { .webSeedsFailed($0) }
                ?? .noPeers
        }
        if let rare = missing.first(where: { availability.count(of: $0) == 0 }) {
            return .noPeerHas(rare)
        }
        let sources = peers.filter { peer in
            peer.isConnected
                && missing.contains {
                    peer.has($0) && (!peer.isChokingUs || peer.allowedFast.contains($0))
                }
        }
        if sources.isEmpty { return .allChoked }
        let sending = sources.count { !$0.isSnubbed }
        if sending == 0 { return .allStalled }
        if shortage != .none,
            let unopened = missing.first(where: { open.slot(of: $0) == OpenPieces.none })
        {
            return .noBuffer(unopened)
        }
        if let verifying = missing.first(where: { isBeingHashed($0) }) {
            return .verifying(verifying)
        }
        return .slow(peers: sending, bytesPerSecond: Int(totalRate))
    }

    private func isBeingHashed(_ piece: PieceIndex) -> Bool {
        let slot = open.slot(of: piece)
        return slot != OpenPieces.none && open[slot].state == .verifying
    }

    /// Whether a web seed has been asked for some of the piece.
    private func isFetched(_ piece: PieceIndex) -> Bool {
        guard !webSeeds.isEmpty else { return false }
        let slot = open.slot(of: piece)
        guard slot != OpenPieces.none else { return false }
        return (0..<open[slot].blockCount).contains { isRequestedOfWebSeed(slot, $0) }
    }

    private mutating func becomeUrgent(_ piece: PieceIndex) {
        urgentSince[piece] = now
        let slot = open.slot(of: piece)
        if slot != OpenPieces.none {
            open.setUrgent(slot, true)
            open[slot].idleSince = nil
            // What peers owe that choke, or do not send, was not urgent so far; nor what was taken
            // back for other reads.
            for number in peers.indices where peers[number].isConnected {
                if peers[number].isChokingUs, peers[number].lane == nil {
                    abandon(number, onlyUrgent: true)
                } else if peers[number].queue.cancelledCount > 0 {
                    abandonRecalled(number, slot)
                }
            }
            replaceLatePeers()
        }
        urgentHasWork = true
        workAppeared()
    }
}
