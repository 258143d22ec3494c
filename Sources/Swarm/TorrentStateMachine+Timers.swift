package import TorrentCore

extension TorrentStateMachine {
    /// When `timerFired` is next to be called; nil where there is nothing to wait for.
    ///
    /// Changes nothing, but looks at a machine in its place: whoever keeps one in an object would
    /// otherwise copy all of it, a retain for each of its parts, in every turn of the loop.
    package var nextDeadline: Timestamp? {
        mutating get {
            guard !peerNumbers.isEmpty || open.count > 0 else { return nil }
            var next = rechokeAt
            if let lateCheckAt { next = min(next, lateCheckAt) }
            if let turnEndsAt { next = min(next, turnEndsAt) }
            if let due = hashes.nextDelayed { next = min(next, due) }
            if open.count > 0 || scheduler.hasDemand { next = min(next, maintenanceAt) }
            if let due = nextWebSeedDeadline { next = min(next, due) }
            return next
        }
    }

    /// Time has passed. Calling it early or often does no harm.
    package mutating func timerFired(now: Timestamp) {
        self.now = now
        webSeedsAreDue = true
        if let at = lateCheckAt, at <= now {
            lateCheckAt = nil
            rescueLateBlocks()
        }
        if let at = turnEndsAt, at <= now {
            turnEndsAt = nil
            urgentHasWork = true
            workAppeared()
        }
        if let at = hashes.nextDelayed, at <= now {
            hashes.hasWork = true
            needsSchedule = true
        }
        if maintenanceAt <= now {
            maintenanceAt = now + Self.maintenanceInterval
            maintain()
        }
        if rechokeAt <= now {
            rechokeAt = now + Choker.interval
            urgentBytes /= 2
            duplicateBytes /= 2
            rechoke()
        }
    }

    private mutating func maintain() {
        totalRate = downloaded.rate(now: now)
        var rates: [Double] = []
        for number in peers.indices where peers[number].isConnected {
            // A web seed's transport has its own time-outs.
            if !peers[number].queue.isEmpty, peers[number].lane == nil {
                checkStall(number)
                dropTimedOut(number)
            }
            if !peers[number].isChokingUs, peers[number].model.isProven {
                rates.append(peers[number].model.rate)
            }
            // Refusals may have run out.
            if !peers[number].refusals.isEmpty {
                peers[number].exhaustedAt = .max
                needsSchedule = true
            }
        }
        rates.sort()
        assumedRate = rates.isEmpty ? PeerModel.unprovenRate : rates[rates.count / 2]
        takeUpOffers()
        dropIdlePieces()
        checkHashes()
        if openingPausedUntil > .zero, openingPausedUntil <= now {
            openingPausedUntil = .zero
            resumeOpening()
        }
    }

    /// A peer that owes blocks and sends nothing: its blocks are asked of others.
    private mutating func checkStall(_ number: Int) {
        guard !peers[number].isSnubbed, peers[number].queue.liveCount > 0 else { return }
        var oldest = 0
        while peers[number].queue[oldest].isCancelled { oldest += 1 }
        let since = max(peers[number].lastByteAt, peers[number].queue[oldest].sentAt)
        let quiet = (now - since).seconds
        var limit = Self.stallTime
        if peers[number].model.isProven {
            let block = peers[number].model.secondsToArrival(
                drain: 0, length: BlockRequest.standardLength, assumedRate: assumedRate)
            limit = max(limit, Self.stallFactor * block)
        }
        guard quiet > limit else { return }
        peers[number].isSnubbed = true
        peers[number].model.stalled()
        abandon(number, onlyUrgent: false)
        releaseParole(number)
    }

    private mutating func dropTimedOut(_ number: Int) {
        let isMute =
            peers[number].isChokingUs && now - peers[number].chokedAt > Self.rejectTimeout
        var index = 0
        while index < peers[number].queue.count {
            let record = peers[number].queue[index]
            let isOver: Bool
            if record.isCancelled {
                let isPassedOver = peers[number].answeredSentAt > record.sentAt
                isOver =
                    now - record.expectedAt
                    > (isPassedOver ? Self.passedOverTimeout : Self.cancelTimeout)
            } else if record.flags.contains(.begun) {
                isOver = false
            } else {
                let isFast = peers[number].allowedFast.contains(PieceIndex(record.piece))
                isOver =
                    isMute && !isFast
                    || record.flags.contains(.abandoned)
                        && now - record.sentAt > Self.requestTimeout
            }
            guard isOver, !record.flags.contains(.begun) else {
                index += 1
                continue
            }
            peers[number].queue.remove(at: index)
            withdraw(number, record)
            if !record.isCancelled {
                actions.append(.cancel(peers[number].key, record.request))
            }
            peers[number].exhaustedAt = .max
            workAppeared()
        }
        if peers[number].queue.isEmpty { peers[number].model.becameIdle() }
    }

    private mutating func dropIdlePieces() {
        for slot in open.slots.indices where open[slot].state == .active {
            guard let since = open[slot].idleSince else { continue }
            let piece = open[slot].piece
            if scheduler.isWanted(piece) {
                open[slot].idleSince = nil
            } else if now - since > Self.idlePieceTime {
                close(slot)
                actions.append(.dropPiece(piece))
            }
        }
    }
}
