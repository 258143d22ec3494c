import TorrentCore

extension TorrentStateMachine {
    /// Gives free slots to interested peers, those that wait longest first.
    mutating func fillUnchokeSlots() {
        guard configuration.isUploadEnabled else { return }
        var unchoked = peers.reduce(0) { $0 + ($1.isConnected && !$1.amChoking ? 1 : 0) }
        while choker.hasFreeSlot(unchoked: unchoked) {
            var best: Int?
            for number in peers.indices {
                guard peers[number].isConnected, peers[number].isInterestedInUs,
                    peers[number].amChoking, !peers[number].isBanned
                else { continue }
                if let known = best, peers[known].waitingSince <= peers[number].waitingSince {
                    continue
                }
                best = number
            }
            guard let best else { return }
            setChoking(best, false)
            unchoked += 1
        }
    }

    mutating func rechoke() {
        guard configuration.isUploadEnabled else { return }
        var candidates: [Choker.Candidate] = []
        for number in peers.indices where peers[number].isConnected && !peers[number].isBanned {
            candidates.append(
                Choker.Candidate(
                    number: number, isInterested: peers[number].isInterestedInUs,
                    isUnchoked: !peers[number].amChoking, isSnubbed: peers[number].isSnubbed,
                    downloadRate: peers[number].downloaded.rate(now: now),
                    uploadRate: peers[number].uploaded.rate(now: now),
                    since: peers[number].amChoking
                        ? peers[number].waitingSince : peers[number].unchokedAt))
        }
        let chosen = choker.rechoke(
            candidates, isSeeding: !scheduler.hasDemand, now: now, random: &random)
        // Chokes go first, so that no moment has more peers unchoked than there are slots.
        for candidate in candidates
        where candidate.isUnchoked && !chosen.contains(candidate.number) {
            setChoking(candidate.number, true)
        }
        for candidate in candidates
        where !candidate.isUnchoked && chosen.contains(candidate.number) {
            setChoking(candidate.number, false)
        }
    }

    mutating func setChoking(_ number: Int, _ isChoking: Bool) {
        guard peers[number].amChoking != isChoking else { return }
        peers[number].amChoking = isChoking
        if isChoking {
            peers[number].waitingSince = now
            actions.append(.choke(peers[number].key))
        } else {
            peers[number].unchokedAt = now
            actions.append(.unchoke(peers[number].key))
        }
    }
}
