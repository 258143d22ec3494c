import TorrentCore

extension TorrentStateMachine {
    /// Distributes the missing blocks of all pieces that reads wait for, earliest read first: each
    /// block to the peer that will have sent it first.
    mutating func scheduleUrgent() {
        guard urgentHasWork, mayRequest(isUrgent: true) else { return }
        var index = 0
        while index < scheduler.urgent.count {
            let piece = scheduler.urgent[index]
            index += 1
            var slot = open.slot(of: piece)
            if slot != OpenPieces.none, open[slot].missing == 0 || open[slot].state != .active {
                continue
            }
            // Pieces that are open go on, or none would ever close.
            if slot == OpenPieces.none, shortage == .reads { continue }
            gatherCandidates(piece)
            guard !candidates.isEmpty else {
                scheduleTurn()
                continue
            }
            if slot == OpenPieces.none {
                guard let opened = openUrgent(piece) else { continue }
                slot = opened
            }
            if open[slot].isOnParole { keepParoleOwner(slot) }
            distribute(slot)
            cancelInFront(piece)
            probe(slot)
        }
    }

    /// Those that send; where there is none, those that may send again.
    private mutating func gatherCandidates(_ piece: PieceIndex) {
        candidates.removeAll(keepingCapacity: true)
        for number in peers.indices where mayAsk(number, piece) && !isSilent(number) {
            addCandidate(number)
        }
        guard candidates.isEmpty else { return }
        for number in peers.indices where mayAsk(number, piece) { addCandidate(number) }
    }

    private func isSilent(_ number: Int) -> Bool {
        peers[number].isSnubbed || peers[number].isLate
    }

    private mutating func addCandidate(_ number: Int) {
        let room = peers[number].urgentWindow - peers[number].occupied
        guard room > 0 || peers[number].queue.liveCount > 0 else { return }
        // Speculative requests in front will be cancelled where they matter.
        var queued = 0
        var oldest: Timestamp?
        var newest = now
        for index in 0..<peers[number].queue.count {
            let record = peers[number].queue[index]
            guard !record.isCancelled else { continue }
            let slot = open.slot(of: PieceIndex(record.piece))
            if slot != OpenPieces.none, open[slot].isUrgent || record.flags.contains(.begun) {
                queued += Int(record.length)
                if oldest == nil { oldest = record.sentAt }
                newest = record.sentAt
            }
        }
        let drain = peers[number].model.secondsToDrain(
            queued: queued, oldestAge: (now - (oldest ?? now)).seconds,
            newestAge: (now - newest).seconds, assumedRate: assumedRate)
        candidates.append(
            UrgentCandidate(
                number: number, room: room, drain: drain,
                seconds: peers[number].model.secondsToArrival(
                    drain: drain, length: BlockRequest.standardLength, assumedRate: assumedRate)))
    }

    /// Leaves only the peer that is to send all of a piece on parole.
    private mutating func keepParoleOwner(_ slot: Int) {
        let owner = open[slot].paroleOwner
        if owner != BlockRecord.nobody, candidates.contains(where: { $0.number == Int(owner) }) {
            candidates.removeAll { $0.number != Int(owner) }
            return
        }
        let piece = open[slot].piece
        let innocent = candidates.filter { !smartBan.isSuspect(peers[$0.number].key, of: piece) }
        if !innocent.isEmpty { candidates = innocent }
        guard let best = candidates.min(by: { $0.seconds < $1.seconds }) else { return }
        open[slot].paroleOwner = Int16(best.number)
        candidates = [best]
    }

    private mutating func distribute(_ slot: Int) {
        var start = 0
        while let block = open.nextMissing(slot, for: BlockRecord.nobody - 1, from: start) {
            var best: Int?
            for index in candidates.indices where candidates[index].room > 0 {
                if let known = best, candidates[known].seconds <= candidates[index].seconds {
                    continue
                }
                let number = candidates[index].number
                if open[slot, block].isRequested(of: Int16(number)) || isHeld(number, slot, block) {
                    continue
                }
                best = index
            }
            guard let best else {
                guard candidates.contains(where: { $0.room > 0 }) else { return }
                start = block + 1
                continue
            }
            guard mayRequest(isUrgent: true) else { return }
            let number = candidates[best].number
            request(number, slot, block)
            candidates[best].isChosen = true
            candidates[best].room -= 1
            candidates[best].drain = candidates[best].seconds
            candidates[best].seconds = peers[number].model.secondsToArrival(
                drain: candidates[best].drain, length: BlockRequest.standardLength,
                assumedRate: assumedRate)
        }
    }

    /// Cancels the speculative requests in front of the urgent ones that were just made, where
    /// they would hold those up.
    private mutating func cancelInFront(_ piece: PieceIndex) {
        for candidate in candidates where candidate.isChosen {
            let number = candidate.number
            peers[number].learnCommitted()
            var speculative = 0
            for index in 0..<peers[number].queue.count {
                let record = peers[number].queue[index]
                if isSpeculative(record) { speculative += Int(record.length) }
            }
            let rate = peers[number].model.expectedRate(assumed: assumedRate)
            guard Double(speculative) > rate * Self.cancelThreshold else { continue }
            var spared = sharedWindow(number)
            for index in peers[number].queue.indices {
                let record = peers[number].queue[index]
                guard index >= peers[number].committed, isSpeculative(record) else { continue }
                guard spared <= 0 else {
                    spared -= 1
                    continue
                }
                recall(number, record)
            }
        }
    }

    private func isSpeculative(_ record: OutstandingRequest) -> Bool {
        guard !record.isCancelled, !record.flags.contains(.begun) else { return false }
        let slot = open.slot(of: PieceIndex(record.piece))
        return slot != OpenPieces.none && !open[slot].isUrgent
    }
}
