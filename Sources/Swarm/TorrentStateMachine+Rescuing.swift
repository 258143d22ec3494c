import TorrentCore

extension TorrentStateMachine {
    /// Asks other peers for blocks that reads wait for and that are late, or that others would send
    /// much earlier. Linear in the outstanding requests.
    mutating func rescueLateBlocks() {
        for number in peers.indices
        where peers[number].isConnected && peers[number].queue.liveCount > 0
            && !peers[number].isLate && isOverdue(number)
        {
            peers[number].isLate = true
            peers[number].probeAt = now + peers[number].probePause
        }
        var hasUrgent = false
        for number in peers.indices
        where peers[number].isConnected && peers[number].queue.liveCount > 0 {
            if rescueBlocks(of: number) { hasUrgent = true }
        }
        replaceLatePeers()
        lateCheckAt = hasUrgent ? now + Self.lateCheckInterval : nil
    }

    /// Whether a peer has sent nothing for clearly longer than it should have taken for the block
    /// that is next.
    private func isOverdue(_ number: Int) -> Bool {
        let model = peers[number].model
        guard
            let next = (0..<peers[number].queue.count).first(where: {
                !peers[number].queue[$0].isCancelled
            })
        else { return false }
        let answer = peers[number].queue[next].sentAt + .seconds(model.latency)
        let quiet = (now - max(answer, peers[number].lastByteAt)).seconds
        let block =
            Double(BlockRequest.standardLength) / model.expectedRate(assumed: assumedRate)
        return quiet > block + model.tolerance
    }

    /// Whoever sends nothing wastes nothing: all that reads wait for is asked of others at once.
    /// Where all are silent, or were a moment ago, our own link is the more likely reason, and
    /// asking would only make each of them send the same when it is back.
    mutating func replaceLatePeers() {
        guard
            peers.indices.contains(where: {
                peers[$0].isConnected && !peers[$0].isChokingUs && !peers[$0].isBanned
                    && isSteady($0)
            })
        else { return }
        for number in peers.indices where peers[number].isConnected && peers[number].isLate {
            abandon(number, onlyUrgent: true)
        }
    }

    /// Whether a peer has not been silent lately.
    private func isSteady(_ number: Int) -> Bool {
        guard !peers[number].isSnubbed, !peers[number].isLate else { return false }
        return peers[number].recoveredAt.map { now - $0 > Self.recoveryTime } ?? true
    }

    /// Looks at the blocks that reads wait for of one peer that sends, but perhaps slowly. Returns
    /// whether there are any.
    private mutating func rescueBlocks(of number: Int) -> Bool {
        var hasUrgent = false
        var ahead = 0
        let rate = peers[number].model.expectedRate(assumed: assumedRate)
        let tolerance = peers[number].model.tolerance
        for index in 0..<peers[number].queue.count {
            let record = peers[number].queue[index]
            guard !record.isCancelled else { continue }
            ahead += Int(record.length)
            let slot = open.slot(of: PieceIndex(record.piece))
            guard slot != OpenPieces.none, open[slot].isUrgent, open[slot].state == .active
            else { continue }
            hasUrgent = true
            guard !open[slot].isOnParole, !record.flags.contains(.abandoned) else { continue }
            let overdue = (now - record.expectedAt).seconds
            let patience = tolerance + (record.expectedAt - record.sentAt).seconds
            let copies = open[slot, Int(record.block)].requesterCount
            guard copies < (overdue > patience ? 3 : 2) else { continue }
            let isLate = overdue > tolerance
            guard isLate || open[slot].missing == 0 else { continue }
            let mine = Double(ahead) / rate
            guard
                let other = findRescuer(
                    slot, Int(record.block),
                    before: (isLate ? mine + overdue : mine) / Self.helpFactor - 0.02,
                    mustBeIdle: !isLate && mine < Self.helpThreshold)
            else { continue }
            let allowed = Self.duplicateFloor + urgentBytes / Self.duplicateShare
            guard duplicateBytes + Int(record.length) <= allowed, mayRequest(isUrgent: true)
            else { return true }
            duplicateBytes += Int(record.length)
            request(other, slot, Int(record.block))
        }
        return hasUrgent
    }

    /// The peer that would send the block first, if within `limit` seconds.
    private func findRescuer(
        _ slot: Int, _ block: Int, before limit: Double, mustBeIdle: Bool
    ) -> Int? {
        var best: Int?
        var bestSeconds = limit
        let piece = open[slot].piece
        for number in peers.indices
        where mayAsk(number, piece) && isSteady(number) {
            guard !mustBeIdle || peers[number].queue.liveCount == 0,
                !open[slot, block].isRequested(of: Int16(number)),
                peers[number].occupied < peers[number].urgentWindow,
                !isHeld(number, slot, block)
            else { continue }
            // What it was asked not to send may come first all the same.
            let doubtful = Double(peers[number].queue.cancelledCount * BlockRequest.standardLength)
            let seconds =
                peers[number].secondsToArrival(assumedRate: assumedRate, now: now)
                + doubtful / peers[number].model.expectedRate(assumed: assumedRate)
            if seconds < bestSeconds {
                best = number
                bestSeconds = seconds
            }
        }
        return best
    }

    /// Gives each peer that was late, and that owes nothing that it could answer, one block which
    /// another has been asked for: whoever is not asked cannot show that it sends again.
    mutating func probe(_ slot: Int) {
        for number in peers.indices
        where peers[number].isConnected && (peers[number].isLate || peers[number].isSnubbed) {
            guard peers[number].occupied == 0, now >= peers[number].probeAt,
                canAsk(number, open[slot].piece), !open[slot].isOnParole,
                let block = lastRequested(slot, notOf: number)
            else { continue }
            guard mayRequest(isUrgent: true) else { return }
            peers[number].probeAt = now + peers[number].probePause
            peers[number].probePause = min(peers[number].probePause * 2, Self.longestProbe)
            request(number, slot, block)
        }
    }

    /// The last block of a piece that others have been asked for, and one more peer may be.
    private func lastRequested(_ slot: Int, notOf number: Int) -> Int? {
        var block = open[slot].blockCount
        while block > 0 {
            block -= 1
            if open[slot, block].status == .requested,
                open[slot, block].requesterCount < BlockRecord.requesterLimit,
                !open[slot, block].isRequested(of: Int16(number)), !isHeld(number, slot, block)
            {
                return block
            }
        }
        return nil
    }
}
