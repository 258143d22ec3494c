import TorrentCore

extension TorrentStateMachine {
    /// Distributes the missing blocks of all pieces that reads wait for, earliest read first: each
    /// block to the peer that will have sent it first.
    mutating func scheduleUrgent() {
        guard urgentHasWork else { return }
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
            guard !candidates.isEmpty else { continue }
            if slot == OpenPieces.none {
                guard let opened = openPiece(piece, isUrgent: true) else { continue }
                slot = opened
                guard open[slot].state == .active else { continue }
            }
            if open[slot].isOnParole { keepParoleOwner(slot) }
            distribute(slot)
            cancelInFront(piece)
        }
    }

    private mutating func gatherCandidates(_ piece: PieceIndex) {
        candidates.removeAll(keepingCapacity: true)
        for number in peers.indices where canAsk(number, piece) && !peers[number].isSnubbed {
            addCandidate(number)
        }
        guard candidates.isEmpty else { return }
        for number in peers.indices where canAsk(number, piece) { addCandidate(number) }
    }

    private mutating func addCandidate(_ number: Int) {
        let room = peers[number].urgentWindow - peers[number].occupied
        guard room > 0 || peers[number].queue.liveCount > 0 else { return }
        // Speculative requests in front will be cancelled where they matter.
        var queued = 0
        for index in 0..<peers[number].queue.count {
            let record = peers[number].queue[index]
            let slot = open.slot(of: PieceIndex(record.piece))
            if !record.isCancelled, slot != OpenPieces.none,
                open[slot].isUrgent || record.flags.contains(.begun)
            {
                queued += Int(record.length)
            }
        }
        candidates.append(
            UrgentCandidate(
                number: number, queued: queued, room: room,
                seconds: peers[number].model.secondsToArrival(
                    queued: queued, length: BlockRequest.standardLength, assumedRate: assumedRate)))
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
            let number = candidates[best].number
            request(number, slot, block)
            candidates[best].isChosen = true
            candidates[best].room -= 1
            candidates[best].queued += BlockRequest.standardLength
            candidates[best].seconds = peers[number].model.secondsToArrival(
                queued: candidates[best].queued, length: BlockRequest.standardLength,
                assumedRate: assumedRate)
        }
    }

    /// Cancels the speculative requests in front of the urgent ones that were just made, where
    /// they would hold those up.
    private mutating func cancelInFront(_ piece: PieceIndex) {
        for candidate in candidates where candidate.isChosen {
            let number = candidate.number
            var speculative = 0
            for index in 0..<peers[number].queue.count {
                let record = peers[number].queue[index]
                if isSpeculative(record) { speculative += Int(record.length) }
            }
            let rate = peers[number].model.isProven ? peers[number].model.rate : assumedRate
            guard Double(speculative) > rate * Self.cancelThreshold else { continue }
            var spared = sharedWindow(number)
            for index in 0..<peers[number].queue.count {
                let record = peers[number].queue[index]
                guard isSpeculative(record) else { continue }
                guard spared <= 0 else {
                    spared -= 1
                    continue
                }
                cancel(number, piece: record.piece, block: record.block)
                withdraw(number, record)
            }
        }
    }

    private func isSpeculative(_ record: OutstandingRequest) -> Bool {
        guard !record.isCancelled, !record.flags.contains(.begun) else { return false }
        let slot = open.slot(of: PieceIndex(record.piece))
        return slot != OpenPieces.none && !open[slot].isUrgent
    }

    /// Asks other peers for blocks that reads wait for and that are late, or that idle peers
    /// would have sent much earlier. Linear in the outstanding requests.
    mutating func rescueLateBlocks() {
        var hasUrgent = false
        for number in peers.indices
        where peers[number].isConnected && peers[number].queue.liveCount > 0 {
            var ahead = 0
            let rate = max(
                1, peers[number].model.isProven ? peers[number].model.rate : assumedRate)
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
                        before: isLate ? mine + overdue : mine / 1.5 - 0.02,
                        mustBeIdle: !isLate)
                else { continue }
                let allowed = Self.duplicateFloor + urgentBytes / Self.duplicateShare
                guard duplicateBytes + Int(record.length) <= allowed else { return }
                duplicateBytes += Int(record.length)
                request(other, slot, Int(record.block))
            }
        }
        lateCheckAt = hasUrgent ? now + Self.lateCheckInterval : nil
    }

    /// The peer that would send the block first, if within `limit` seconds.
    private func findRescuer(
        _ slot: Int, _ block: Int, before limit: Double, mustBeIdle: Bool
    ) -> Int? {
        var best: Int?
        var bestSeconds = limit
        let piece = open[slot].piece
        for number in peers.indices where canAsk(number, piece) && !peers[number].isSnubbed {
            guard !mustBeIdle || peers[number].queue.isEmpty,
                !open[slot, block].isRequested(of: Int16(number)),
                peers[number].occupied < peers[number].urgentWindow,
                !isHeld(number, slot, block)
            else { continue }
            let seconds = peers[number].model.secondsToArrival(
                queued: peers[number].queue.liveBytes, length: BlockRequest.standardLength,
                assumedRate: assumedRate)
            if seconds < bestSeconds {
                best = number
                bestSeconds = seconds
            }
        }
        return best
    }
}
