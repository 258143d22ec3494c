import TorrentCore

/// Requests that are taken back, and whether others may be asked instead.
extension TorrentStateMachine {
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
        guard !record.isCancelled || record.flags.contains(.recalled),
            open[slot, block].isRequested(of: Int16(number))
        else { return }
        open[slot, block].removeRequester(Int16(number))
        if !record.flags.contains(.abandoned) { expectNoLonger(slot, block) }
    }

    /// Takes a request back since something more urgent is to come first. A Fast peer's block stays
    /// its own until it has answered, as it may have been sent already.
    mutating func recall(_ number: Int, _ record: OutstandingRequest) {
        cancel(number, piece: record.piece, block: record.block)
        guard let index = peers[number].queue.index(piece: record.piece, block: record.block) else {
            return
        }
        peers[number].queue.insertFlags(.recalled, at: index)
        peers[number].recalledCount += 1
        if !peers[number].traits.supportsFast { withdraw(number, record) }
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
            guard !record.isCancelled || record.flags.contains(.recalled),
                !record.flags.contains(.abandoned)
            else { continue }
            let slot = open.slot(of: PieceIndex(record.piece))
            guard slot != OpenPieces.none, open[slot].isUrgent || !onlyUrgent else { continue }
            peers[number].queue.insertFlags(.abandoned, at: index)
            if open[slot].state == .active,
                open[slot, Int(record.block)].isRequested(of: Int16(number))
            {
                expectNoLonger(slot, Int(record.block))
            }
        }
    }

    /// Lets others be asked for the blocks of one piece that were taken back from this peer.
    mutating func abandonRecalled(_ number: Int, _ slot: Int) {
        let piece = open[slot].piece.rawValue
        for index in 0..<peers[number].queue.count {
            let record = peers[number].queue[index]
            guard record.piece == piece, record.flags.contains(.recalled),
                !record.flags.contains(.abandoned)
            else { continue }
            peers[number].queue.insertFlags(.abandoned, at: index)
            if open[slot].state == .active,
                open[slot, Int(record.block)].isRequested(of: Int16(number))
            {
                expectNoLonger(slot, Int(record.block))
            }
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
}
