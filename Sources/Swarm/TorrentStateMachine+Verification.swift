package import TorrentCore

extension TorrentStateMachine {
    /// A piece's hash agrees. `blockDigests` where they were asked for.
    package mutating func pieceVerified(
        _ piece: PieceIndex, blockDigests: [SHA1Digest]?, now: Timestamp
    ) {
        self.now = now
        guard geometry.contains(piece), !have[piece] else { return }
        let slot = open.slot(of: piece)
        if slot != OpenPieces.none {
            // Verified by other means while it was being fetched: its buffer is still ours.
            let ownsBuffer = open[slot].state == .active
            close(slot)
            if ownsBuffer { actions.append(.dropPiece(piece)) }
        }
        have[piece] = true
        if isNew(piece) { newToSwarm.add(geometry.length(of: piece)) }
        hashes.forget(piece)
        scheduler.pieceArrived(piece)
        urgentSince[piece] = nil
        actions.append(.announceHave(piece))
        // A seed that is spared may be asked for pieces further ahead.
        if !sharers.isEmpty { workAppeared() }
        for guilty in smartBan.pieceVerified(piece, digests: blockDigests) {
            ban(guilty, .badBlock(piece))
        }
        guard have.isFull else { return }
        for number in peers.indices where peers[number].isConnected {
            if peers[number].amInterested {
                peers[number].amInterested = false
                actions.append(.setInterested(peers[number].key, false))
            }
            disconnectIfRedundant(number)
        }
    }

    /// A piece's hash does not agree. `blockDigests` has an entry a block, or is empty where the
    /// torrent has none (v2). The piece is fetched again while somebody wants it, from one peer
    /// alone if possible, so that the culprit shows.
    package mutating func pieceFailed(
        _ piece: PieceIndex, blockDigests: [SHA1Digest], now: Timestamp
    ) {
        self.now = now
        guard geometry.contains(piece) else { return }
        let slot = open.slot(of: piece)
        guard slot != OpenPieces.none, open[slot].state == .verifying else { return }
        let senders = (0..<open[slot].blockCount).map { block in
            let sender = open[slot, block].sender
            return sender == BlockRecord.noSender ? nil : PeerKey(sender)
        }
        counts.wasted += Int64(open[slot].length)
        close(slot)
        let guilty = smartBan.pieceFailed(piece, senders: senders, digests: blockDigests)
        let isSoleSource = Set(senders.compactMap(\.self)).count == 1
        for peer in guilty { ban(peer, isSoleSource ? .soleSource(piece) : .badBlock(piece)) }
        if scheduler.isUrgent(piece) { urgentHasWork = true }
        workAppeared()
    }

    /// A piece that we had is here no more: evicted, or it could not be kept.
    package mutating func pieceLost(_ piece: PieceIndex, now: Timestamp) {
        self.now = now
        guard geometry.contains(piece), have[piece] else { return }
        have[piece] = false
        actions.append(.announceLost(piece))
        for number in peers.indices where peers[number].isConnected && peers[number].has(piece) {
            setInterested(number)
        }
        if scheduler.pieceLost(piece) {
            urgentSince[piece] = now
            urgentHasWork = true
        }
        workAppeared()
    }

    /// Bans a peer: it is asked nothing more, and what it sent of unfinished pieces is fetched
    /// again from others.
    mutating func ban(_ key: PeerKey, _ reason: SwarmBanReason) {
        discardBlocks(of: key)
        if let seed = webSeed(of: key) {
            switch reason {
            case .soleSource(let piece), .badBlock(let piece): banWebSeed(seed, from: piece)
            // No server is asked for hashes.
            case .badHashes: break
            }
            return
        }
        guard let number = peerNumbers[key] else {
            guard let gone = departed.first(where: { $0.key == key }) else { return }
            actions.append(.banEndpoint(gone.address, reason))
            return
        }
        guard !peers[number].isBanned else { return }
        peers[number].isBanned = true
        releaseAll(number)
        actions.append(.ban(key, reason))
    }

    private mutating func discardBlocks(of key: PeerKey) {
        for slot in open.slots.indices where open[slot].state == .active {
            for block in 0..<open[slot].blockCount
            where open[slot, block].sender == key.rawValue
                && open[slot, block].status == .present
                && open[slot, block].check != .verified
            {
                returnBlock(slot, block)
            }
        }
    }

    /// Somebody else may have the pieces that the peer had on parole.
    mutating func releaseParole(_ number: Int) {
        for slot in open.slots.indices
        where open[slot].state == .active && open[slot].paroleOwner == Int16(number) {
            open[slot].paroleOwner = BlockRecord.nobody
            if open[slot].isUrgent { urgentHasWork = true }
            workAppeared()
        }
    }
}
