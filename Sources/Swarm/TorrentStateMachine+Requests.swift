import TorrentCore

extension TorrentStateMachine {
    /// Plans what the events of this turn made possible.
    mutating func schedule() {
        // Planning may cancel, which makes room for more; what a second pass leaves can wait for
        // the next event.
        for _ in 0..<2 where needsSchedule {
            needsSchedule = false
            findSharers()
            if offersAreDue { takeUpOffers() }
            webSeedsAreDue = true
            scheduleUrgent()
            for number in peers.indices where peers[number].isConnected { refill(number) }
            scheduleHashes()
        }
        if webSeedsAreDue { scheduleWebSeeds() }
        if lateCheckAt == nil, !scheduler.urgent.isEmpty, mayOweBlocks {
            lateCheckAt = now + Self.lateCheckInterval
        }
    }

    /// Whether somebody may be late with a block: not where web seeds alone are there, and rest.
    private var mayOweBlocks: Bool {
        !peerNumbers.isEmpty
            && (webSeeds.isEmpty
                || peers.contains { $0.isConnected && ($0.lane == nil || $0.queue.liveCount > 0) })
    }

    /// Whether blocks of the piece may be requested of the peer.
    func canAsk(_ number: Int, _ piece: PieceIndex) -> Bool {
        peers[number].isConnected && !peers[number].isBanned && peers[number].has(piece)
            && (!peers[number].isChokingUs || peers[number].allowedFast.contains(piece))
            && !peers[number].refuses(piece, now: now)
            && !(hashes.unverifiable?[piece] ?? false)
    }

    /// Fills one peer's windows, with what reads wait for first. A peer that stalled is only given
    /// the latter by `scheduleUrgent`, where nobody else has it.
    mutating func refill(_ number: Int) {
        guard !peers[number].isChokingUs || !peers[number].allowedFast.isEmpty,
            !peers[number].isBanned, peers[number].exhaustedAt != demandVersion
        else { return }
        while urgentHasWork, !peers[number].isSnubbed, !peers[number].isLate,
            peers[number].occupied < peers[number].urgentWindow
        {
            guard mayRequest(isUrgent: true), let (slot, block) = pickUrgent(number) else { break }
            request(number, slot, block)
        }
        guard !peers[number].isChokingUs else { return }
        while hasSpeculativeRoom(number) {
            guard mayRequest(isUrgent: false) else { return }
            guard let (slot, block) = pickSpeculative(number) else {
                peers[number].exhaustedAt = demandVersion
                return
            }
            request(number, slot, block)
        }
    }

    private func hasSpeculativeRoom(_ number: Int) -> Bool {
        let occupied = peers[number].occupied
        if occupied < peers[number].speculativeWindow { return true }
        return peers[number].queue.speculativeCount < sharedWindow(number)
            && occupied < peers[number].urgentWindow + PeerModel.minimumWindow
    }

    /// Whether this seed feeds a swarm of readers: then a part of what it sends us is to be what
    /// nobody else has, so that readers of the same torrent can give each other the rest. Were it
    /// all asked in reading order, the seed would have to send everything to each of them.
    func isSharedSeed(_ number: Int) -> Bool {
        peers[number].hasAll && availability.partialPeerCount > 0
            && availability.partialPeerCount >= availability.seedCount
    }

    /// Speculative requests that a seed which feeds a swarm of readers may have however much reads
    /// wait for: half as many as urgent ones, so a third of what it sends us.
    func sharedWindow(_ number: Int) -> Int {
        guard isSharedSeed(number), !peers[number].isSnubbed else { return 0 }
        let urgent = peers[number].queue.liveCount - peers[number].queue.speculativeCount
        return max(1, peers[number].speculativeWindow / 2, urgent / 2)
    }

    /// Sends one request. Constant time.
    mutating func request(_ number: Int, _ slot: Int, _ block: Int) {
        let begin = block * BlockRequest.standardLength
        let length = min(BlockRequest.standardLength, open[slot].length - begin)
        let piece = open[slot].piece
        if peers[number].queue.cancelledCount > 0,
            let ghost = peers[number].queue.index(piece: piece.rawValue, block: UInt16(block))
        {
            peers[number].queue.remove(at: ghost)
        }
        let isAlone = peers[number].queue.isEmpty
        let seconds = peers[number].model.secondsToArrival(
            drain: peers[number].secondsToDrain(assumedRate: assumedRate, now: now),
            length: length, assumedRate: assumedRate)
        var flags: OutstandingRequest.Flags = open[slot].isUrgent ? [] : .speculative
        if isAlone { flags.insert(.alone) }
        peers[number].queue.append(
            OutstandingRequest(
                piece: piece.rawValue, block: UInt16(block), length: UInt16(length),
                flags: flags, sentAt: now,
                expectedAt: now + Interval(nanoseconds: Int64(min(seconds, 3600) * 1e9))))
        if open[slot, block].requesterCount == BlockRecord.requesterLimit {
            forgoRequester(of: block, slot)
        }
        if downloadAllowance != .max { downloadAllowance -= length }
        open[slot, block].addRequester(Int16(number))
        open.becomeRequested(slot, block)
        if !open[slot].isClaimed { claim(slot, from: number) }
        if open[slot].isUrgent { urgentBytes += length }
        // A lane is asked for a whole run at once.
        guard peers[number].lane == nil else { return }
        actions.append(
            .request(
                peers[number].key, BlockRequest(piece: piece, begin: begin, length: length)))
    }

    /// Makes room for one more requester of a block. Mostly all were given up on, but a web seed is
    /// asked beside peers that still send.
    private mutating func forgoRequester(of block: Int, _ slot: Int) {
        let (first, _, _) = open[slot, block].requesters
        let number = Int(first)
        let piece = open[slot].piece.rawValue
        if let index = peers[number].queue.index(piece: piece, block: UInt16(block)),
            !peers[number].queue[index].flags.contains(.abandoned)
        {
            open[slot, block].expected -= 1
        }
        cancel(number, piece: piece, block: UInt16(block))
        open[slot, block].removeRequester(first)
    }

    /// Whether the peer still owes an answer to a cancelled request for the block, and so is not
    /// asked again: a Fast peer always (BEP 6), another while the block comes in.
    func isHeld(_ number: Int, _ slot: Int, _ block: Int) -> Bool {
        guard peers[number].queue.cancelledCount > 0,
            let index = peers[number].queue.index(
                piece: open[slot].piece.rawValue, block: UInt16(block))
        else { return false }
        return peers[number].traits.supportsFast
            || peers[number].queue[index].flags.contains(.begun)
    }

    /// The next block of an open piece to request of this peer.
    mutating func nextBlock(_ number: Int, _ slot: Int) -> Int? {
        if open[slot].isOnParole {
            guard takesParole(number, slot) else { return nil }
        }
        var start = 0
        while let block = open.nextMissing(slot, for: Int16(number), from: start) {
            if !isHeld(number, slot, block) { return block }
            start = block + 1
        }
        return nil
    }

    /// Whether the peer is the one that sends all of a piece on parole. Becomes it where nobody
    /// is: preferably a peer that had no part in the failure.
    private mutating func takesParole(_ number: Int, _ slot: Int) -> Bool {
        let owner = open[slot].paroleOwner
        if owner != BlockRecord.nobody { return owner == Int16(number) }
        let piece = open[slot].piece
        if peers[number].isSnubbed || smartBan.isSuspect(peers[number].key, of: piece) {
            let better = peers.indices.contains { other in
                other != number && canAsk(other, piece) && !peers[other].isSnubbed
                    && !smartBan.isSuspect(peers[other].key, of: piece)
            }
            if better { return false }
        }
        open[slot].paroleOwner = Int16(number)
        return true
    }
}
