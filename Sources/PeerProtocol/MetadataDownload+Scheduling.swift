package import TorrentCore

extension MetadataDownload {
    /// When `timerFired` is to be called; the end of time where nothing is awaited.
    package var nextDeadline: Timestamp {
        var deadline = Timestamp(nanoseconds: .max)
        for peer in peers {
            for request in peer.inFlight {
                deadline = min(deadline, request.sent + Self.requestTimeout)
            }
        }
        for place in candidates.indices {
            let members = peers.filter { $0.size == candidates[place].size }
            // Who rests is woken only where something is left to ask.
            for peer in members where peer.inFlight.isEmpty {
                let isNeeded =
                    candidates[place].source == .single(nil)
                    || candidates[place].hasUnassigned && candidates[place].accepts(peer.number)
                if isNeeded { deadline = min(deadline, peer.restsUntil) }
            }
            // Who has room is woken for what others are late with. Two helpers are enough to look
            // at: one of them is not the late peer itself.
            let helpers = members.filter { $0.inFlight.count < $0.window }
                .sorted { $0.restsUntil < $1.restsUntil }.prefix(2)
            guard !helpers.isEmpty else { continue }
            for request in hedgeable(place) {
                guard let helper = helpers.first(where: { $0.number != request.peer }) else {
                    continue
                }
                deadline = min(
                    deadline, max(request.sent + Self.hedgeInterval, helper.restsUntil))
            }
        }
        return deadline
    }

    /// Gives every peer of one size that has room something to do.
    mutating func assign(_ size: Int, now: Timestamp) {
        guard let place = candidate(size) else { return }
        chooseSource(place, now: now)
        let members = peers.indices.filter {
            peers[$0].size == size && candidates[place].accepts(peers[$0].number)
        }
        // In rounds, so that a small dictionary is spread over the peers.
        var isBusy = true
        while isBusy {
            isBusy = false
            for index in members where peers[index].isIdle(now: now) {
                guard let piece = candidates[place].takePiece() else { break }
                ask(index, piece, now: now)
                isBusy = true
            }
        }
        hedge(place, members, now: now)
    }

    /// Where one peer is to do it alone: the one that failed least and has rested.
    private mutating func chooseSource(_ place: Int, now: Timestamp) {
        guard candidates[place].source == .single(nil) else { return }
        let size = candidates[place].size
        let best =
            peers
            .filter { $0.size == size && $0.isIdle(now: now) }
            .min { ($0.failures, $0.number) < ($1.failures, $1.number) }
        if let best { candidates[place].restart(.single(best.number)) }
    }

    /// Asks peers with nothing else to do for pieces that others are late with.
    private mutating func hedge(_ place: Int, _ members: [Int], now: Timestamp) {
        guard members.contains(where: { peers[$0].isIdle(now: now) }) else { return }
        for request in hedgeable(place) where now >= request.sent + Self.hedgeInterval {
            let helper = members.first {
                peers[$0].number != request.peer && peers[$0].isIdle(now: now)
            }
            if let helper { ask(helper, request.piece, now: now) }
        }
    }

    /// What one peer alone is asked for and has not sent, by age.
    private func hedgeable(
        _ place: Int
    ) -> [(piece: Int, peer: UInt32, sent: Timestamp)] {
        guard candidates[place].source == .shared else { return [] }
        let members = peers.filter { $0.size == candidates[place].size }
        guard members.count > 1 else { return [] }
        var counts: [Int: Int] = [:]
        for peer in members {
            for request in peer.inFlight { counts[request.piece, default: 0] += 1 }
        }
        return members.flatMap { peer in
            peer.inFlight
                .filter { counts[$0.piece] == 1 && !candidates[place].has($0.piece) }
                .map { (piece: $0.piece, peer: peer.number, sent: $0.sent) }
        }.sorted { ($0.sent, $0.piece) < ($1.sent, $1.piece) }
    }

    private mutating func ask(_ index: Int, _ piece: Int, now: Timestamp) {
        peers[index].inFlight.append((piece, now))
        queue(.request(peer: peers[index].number, piece: piece))
    }
}
