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
        peers[number].lastByteAt = now
        guard let index = outstandingIndex(number, request, block) else { return .discard }
        let record = peers[number].queue[index]
        peers[number].queue.insertFlags(.begun, at: index)
        if record.flags.contains(.alone), !record.flags.contains(.begun) {
            peers[number].model.firstByteArrived(sentAt: record.sentAt, now: now)
        }
        let slot = open.slot(of: request.piece)
        guard slot != OpenPieces.none, open[slot].state == .active, !peers[number].isBanned,
            open[slot, block].status != .present
        else {
            peers[number].queue.insertFlags(.discarded, at: index)
            return .discard
        }
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
        counters.downloaded += Int64(length)
        downloaded.add(length)
        guard let number = number(of: key), let block = blockNumber(of: request),
            let index = outstandingIndex(number, request, block)
        else {
            counters.wasted += Int64(length)
            return .duplicate
        }
        let record = peers[number].queue.remove(at: index)
        peers[number].downloaded.add(length)
        peers[number].lastByteAt = now
        if peers[number].isSnubbed {
            peers[number].isSnubbed = false
            peers[number].exhaustedAt = .max
        }
        peers[number].model.blockArrived(
            bytes: length, isIdle: peers[number].queue.isEmpty,
            expectedAt: record.isCancelled ? nil : record.expectedAt, now: now)
        var arrival = BlockArrival.duplicate
        if record.flags.contains(.discarded) {
            counters.wasted += Int64(length)
        } else {
            arrival = accept(request, block: block, from: number)
        }
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
        peers[number].lastByteAt = now
        if peers[number].queue.isEmpty { peers[number].model.becameIdle() }
        if !record.isCancelled {
            withdraw(number, record)
            let isFast = peers[number].allowedFast.contains(request.piece)
            if isFast { peers[number].allowedFast.removeAll { $0 == request.piece } }
            if !peers[number].isChokingUs { refuse(number, request.piece) }
        }
        peers[number].exhaustedAt = .max
        needsSchedule = true
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
        guard slot != OpenPieces.none, open[slot].state == .active, !peers[number].isBanned,
            block < open[slot].blockCount, open[slot, block].status != .present
        else {
            counters.wasted += Int64(request.length)
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
        open.becomePresent(slot, block, sender: peers[number].key.rawValue)
        if open[slot].remaining == 0 { beginVerifying(slot) }
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

    /// Marks a request as cancelled and says so to the peer, unless its block is on its way in.
    mutating func cancel(_ number: Int, piece: Int32, block: UInt16) {
        guard let index = peers[number].queue.index(piece: piece, block: block) else { return }
        let record = peers[number].queue[index]
        guard !record.isCancelled else { return }
        peers[number].queue.insertFlags(.cancelled, at: index)
        if !record.flags.contains(.begun) {
            actions.append(.cancel(peers[number].key, record.request))
        }
        // Its window may have room now.
        needsSchedule = true
    }

    /// A request is out of its peer's queue unanswered: the block is asked of others unless one
    /// is still expected to send it.
    mutating func withdraw(_ number: Int, _ record: OutstandingRequest) {
        let slot = open.slot(of: PieceIndex(record.piece))
        guard slot != OpenPieces.none, open[slot].state == .active else { return }
        let block = Int(record.block)
        if record.flags.contains(.begun), open[slot, block].writer == Int16(number) {
            open[slot, block].writer = BlockRecord.nobody
        }
        guard !record.isCancelled, open[slot, block].isRequested(of: Int16(number)) else { return }
        open[slot, block].removeRequester(Int16(number))
        if !record.flags.contains(.abandoned) { expectNoLonger(slot, block) }
    }

    /// Withdraws every request of a peer: it chokes without Fast, left, or is banned.
    mutating func releaseAll(_ number: Int) {
        for index in 0..<peers[number].queue.count { withdraw(number, peers[number].queue[index]) }
        peers[number].queue.removeAll()
        peers[number].model.becameIdle()
        releaseParole(number)
    }

    /// Lets others be asked for the peer's blocks, which are still taken should they come.
    mutating func abandon(_ number: Int, onlyUrgent: Bool) {
        for index in 0..<peers[number].queue.count {
            let record = peers[number].queue[index]
            guard !record.isCancelled, !record.flags.contains(.abandoned) else { continue }
            let slot = open.slot(of: PieceIndex(record.piece))
            guard slot != OpenPieces.none, open[slot].isUrgent || !onlyUrgent else { continue }
            peers[number].queue.insertFlags(.abandoned, at: index)
            if open[slot].state == .active { expectNoLonger(slot, Int(record.block)) }
        }
    }

    private mutating func expectNoLonger(_ slot: Int, _ block: Int) {
        guard open[slot, block].expected > 0 else { return }
        open[slot, block].expected -= 1
        guard open[slot, block].expected == 0, open[slot, block].status == .requested else {
            return
        }
        returnBlock(slot, block)
    }

    /// A block of an open piece is to be requested again.
    mutating func returnBlock(_ slot: Int, _ block: Int) {
        open.becomeMissing(slot, block)
        scheduler.revisit(open[slot].piece)
        if open[slot].isUrgent { urgentHasWork = true }
        workAppeared()
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
