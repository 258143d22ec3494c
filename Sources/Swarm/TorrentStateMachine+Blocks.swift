package import TorrentCore

extension TorrentStateMachine {
    /// The header of a block has arrived; says where its payload goes.
    package mutating func blockBegan(
        _ key: PeerKey, _ request: BlockRequest, now: Timestamp
    ) -> BlockPlacement {
        self.now = now
        guard let number = number(of: key), let block = blockNumber(of: request) else {
            return .discard
        }
        sentSomething(number)
        guard let index = outstandingIndex(number, request, block) else { return .discard }
        let record = peers[number].queue[index]
        peers[number].queue.insertFlags(.begun, at: index)
        if record.flags.contains(.alone), !record.flags.contains(.begun),
            peers[number].lane == nil
        {
            peers[number].model.firstByteArrived(sentAt: record.sentAt, now: now)
        }
        let slot = open.slot(of: request.piece)
        guard slot != OpenPieces.none, open[slot].state == .active, open[slot].openedIn != turn,
            !peers[number].isBanned, open[slot, block].status != .present
        else {
            peers[number].queue.insertFlags(.discarded, at: index)
            return .discard
        }
        if open[slot].isSparse { return .scratch }
        let writer = open[slot, block].writer
        guard writer == BlockRecord.nobody || writer == Int16(number) else { return .scratch }
        open[slot, block].writer = Int16(number)
        return .direct
    }

    /// A block has arrived whole. Constant time unless the block was asked of several peers.
    package mutating func blockArrived(
        _ key: PeerKey, _ request: BlockRequest, now: Timestamp
    ) -> BlockArrival {
        self.now = now
        let length = Int(request.length)
        counts.downloaded += Int64(length)
        downloaded.add(length)
        guard let number = number(of: key), let block = blockNumber(of: request),
            let index = outstandingIndex(number, request, block)
        else {
            counts.wasted += Int64(length)
            return .duplicate
        }
        let record = peers[number].queue.remove(at: index)
        peers[number].downloaded.add(length)
        countWebSeedBytes(number, length)
        if record.flags.contains(.recalled) { peers[number].futileCount += 1 }
        peers[number].answeredSentAt = max(peers[number].answeredSentAt, record.sentAt)
        sentSomething(number)
        if peers[number].isSnubbed {
            peers[number].isSnubbed = false
            peers[number].exhaustedAt = .max
        }
        peers[number].model.blockArrived(
            bytes: length, isIdle: peers[number].queue.isEmpty,
            expectedAt: record.isCancelled ? nil : record.expectedAt, now: now)
        var arrival = BlockArrival.duplicate
        if record.flags.contains(.discarded) {
            counts.wasted += Int64(length)
        } else {
            arrival = accept(request, block: block, from: number)
        }
        // Where it was of no use and yet is still wanted of this peer, others are asked.
        if arrival == .duplicate { withdraw(number, record) }
        refill(number)
        return arrival
    }

    /// A Fast peer will not send the block (BEP 6).
    package mutating func requestRejected(
        _ key: PeerKey, _ request: BlockRequest, now: Timestamp
    ) {
        self.now = now
        guard let number = number(of: key), let block = blockNumber(of: request),
            let index = outstandingIndex(number, request, block)
        else { return }
        let record = peers[number].queue.remove(at: index)
        sentSomething(number)
        if peers[number].queue.isEmpty { peers[number].model.becameIdle() }
        withdraw(number, record)
        if !record.isCancelled {
            let isFast = peers[number].allowedFast.contains(request.piece)
            if isFast { peers[number].allowedFast.removeAll { $0 == request.piece } }
            if !peers[number].isChokingUs { refuse(number, request.piece) }
        }
        peers[number].exhaustedAt = .max
        needsSchedule = true
    }

    /// Bytes of a block came in from this peer, the last of them at `time`; said by whoever owns the
    /// connection before `timerFired`, where it is in the middle of a block.
    package mutating func peerProgressed(_ key: PeerKey, at time: Timestamp) {
        guard let number = number(of: key), time > peers[number].lastByteAt else { return }
        peers[number].lastByteAt = time
        if peers[number].isLate { recovered(number) }
    }

    private mutating func sentSomething(_ number: Int) {
        peers[number].lastByteAt = now
        if peers[number].isLate { recovered(number) }
    }

    private mutating func recovered(_ number: Int) {
        peers[number].isLate = false
        peers[number].recoveredAt = now
        peers[number].probePause = Self.firstProbe
        peers[number].exhaustedAt = .max
        workAppeared()
    }

    /// The number of the block that `request` names exactly, or nil where it names none.
    private func blockNumber(of request: BlockRequest) -> Int? {
        let begin = Int(request.begin)
        guard geometry.contains(request.piece), begin >= 0,
            begin % BlockRequest.standardLength == 0
        else { return nil }
        return begin / BlockRequest.standardLength < OutstandingRequest.blockLimit
            ? begin / BlockRequest.standardLength : nil
    }

    private func outstandingIndex(_ number: Int, _ request: BlockRequest, _ block: Int) -> Int? {
        guard
            let index = peers[number].queue.index(
                piece: request.piece.rawValue, block: UInt16(block)),
            Int32(peers[number].queue[index].length) == request.length
        else { return nil }
        return index
    }

    private mutating func accept(
        _ request: BlockRequest, block: Int, from number: Int
    ) -> BlockArrival {
        let slot = open.slot(of: request.piece)
        guard slot != OpenPieces.none, open[slot].state == .active, open[slot].openedIn != turn,
            !peers[number].isBanned, block < open[slot].blockCount,
            open[slot, block].status != .present
        else {
            counts.wasted += Int64(request.length)
            return .duplicate
        }
        if open[slot, block].writer == Int16(number) {
            open[slot, block].writer = BlockRecord.nobody
        } else {
            divertWriter(slot, block)
        }
        if open[slot, block].requesterCount > 0 {
            let (first, second, third) = open[slot, block].requesters
            open[slot, block].removeRequesters()
            cancelCopy(at: first, except: number, request, block)
            cancelCopy(at: second, except: number, request, block)
            cancelCopy(at: third, except: number, request, block)
        }
        open.becomePresent(slot, block, sender: peers[number].senderKey.rawValue)
        if open[slot].isSparse {
            verifyBlock(slot, block)
            if open[slot].remaining == 0 { becomeWhole(slot) }
        } else if open[slot].remaining == 0 {
            beginVerifying(slot)
        }
        return .wanted
    }

    /// Whoever writes the block into the piece's buffer stops doing so.
    mutating func divertWriter(_ slot: Int, _ block: Int) {
        let writer = Int(open[slot, block].writer)
        guard writer != Int(BlockRecord.nobody) else { return }
        open[slot, block].writer = BlockRecord.nobody
        let piece = open[slot].piece
        guard
            let index = peers[writer].queue.index(piece: piece.rawValue, block: UInt16(block))
        else { return }
        peers[writer].queue.insertFlags(.discarded, at: index)
        actions.append(
            .discardIncoming(peers[writer].key, peers[writer].queue[index].request))
    }

    private mutating func cancelCopy(
        at other: Int16, except number: Int, _ request: BlockRequest, _ block: Int
    ) {
        guard other != BlockRecord.nobody, Int(other) != number else { return }
        cancel(Int(other), piece: request.piece.rawValue, block: UInt16(block))
    }

    mutating func beginVerifying(_ slot: Int) {
        open[slot].state = .verifying
        actions.append(
            .verify(
                open[slot].piece, wantsBlockDigests: smartBan.hasFailed(open[slot].piece)))
    }

    /// After a rejection the piece is not asked of the peer for a while, longer each time: a peer
    /// that lies about what it has must not be asked in a loop, and one that is merely busy must
    /// not be lost.
    private mutating func refuse(_ number: Int, _ piece: PieceIndex) {
        if let index = peers[number].refusals.firstIndex(where: { $0.piece == piece }) {
            // The rejections of one burst count once.
            guard peers[number].refusals[index].until <= now else { return }
            let count = min(peers[number].refusals[index].count + 1, Self.refusalDoublings)
            peers[number].refusals[index].count = count
            peers[number].refusals[index].until = now + Self.firstRefusal * (1 << Int64(count))
        } else {
            if peers[number].refusals.count == Self.refusalLimit {
                peers[number].refusals.removeFirst()
            }
            peers[number].refusals.append(
                SwarmPeer.Refusal(piece: piece, until: now + Self.firstRefusal, count: 0))
        }
    }
}
