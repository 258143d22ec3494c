package import TorrentCore

extension TorrentStateMachine {
    /// A read waits for those of these pieces that we lack.
    package mutating func readArrived(
        _ read: ReadKey, pieces: Range<PieceIndex>, now: Timestamp
    ) {
        self.now = now
        let added = scheduler.readArrived(
            read, pieces: pieces.clamped(to: geometry.pieces), have: have)
        for piece in added { becomeUrgent(piece) }
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
        let left = scheduler.setWindow(stream, pieces.clamped(to: geometry.pieces))
        for range in left {
            for piece in range {
                let slot = open.slot(of: piece)
                if slot != OpenPieces.none, !scheduler.isWanted(piece) { becomeIdle(slot) }
            }
        }
        workAppeared()
    }

    /// Why a read of these pieces still waits, for a log.
    package func waitReason(for pieces: Range<PieceIndex>) -> WaitReason {
        let wanted = pieces.clamped(to: geometry.pieces)
        let missing = wanted.filter { !have[$0] }
        guard !missing.isEmpty else { return .none }
        guard !peerNumbers.isEmpty else { return .noPeers }
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
        let isClosed = { open.slot(of: $0) == OpenPieces.none }
        if shortage != .none, let unopened = missing.first(where: isClosed) {
            return .noBuffer(unopened)
        }
        let isHashed = { !isClosed($0) && open[open.slot(of: $0)].state == .verifying }
        if let verifying = missing.first(where: isHashed) { return .verifying(verifying) }
        return .slow(peers: sending, bytesPerSecond: Int(totalRate))
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
                if peers[number].isChokingUs {
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
