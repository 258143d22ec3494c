import TorrentCore

// Clients that read the same data in the same order at the same time would all fetch the same
// pieces from the seed. Those of this program divide them: see `SharingRank`. What falls to
// another one is left to it until a read has waited for it, so a division that is not kept costs
// a moment, never the data.
extension TorrentStateMachine {
    /// A peer reads along where it announced a piece within this time...
    static let sharingTime = Interval.seconds(10)
    /// ...or has nothing yet, and came within this: readers that a job starts begin together.
    static let newcomerTime = Interval.seconds(5)
    /// The least time by which whoever is next in line comes later: a seed that sends to many by
    /// TCP serves some of them much slower than others for seconds...
    static let shortestTurn = 1.0
    /// ...and the most.
    static let longestTurn = 3.0
    /// A turn lasts so many times as long as the seed takes to send us a piece.
    static let turnFactor = 1.5
    /// A read so many pieces before a readahead window at most is that of the window's reader.
    static let nearPieces = 8
    /// A peer that reads along no further from a piece than a readahead window, and this many pieces,
    /// will fetch it: as many as the average of what it announced lags behind, twice over.
    static let sharingSlack = 32
    /// What the latest piece counts for where a peer reads: an eighth, so that the average is that
    /// of the last pieces that it got, those far ahead and those it waited for.
    static let positionWeight = 0.125
    /// How many turns a piece is waited for at most.
    static let turnLimit = 3
    /// After so many turns in a row that nobody took, nothing is left to others...
    static let missedTurnLimit = 4
    /// ...for this long: they read something else, or are not what they seem.
    static let sharingPause = Interval.seconds(30)
    /// The most peers that are reckoned with: more make no difference to who is first.
    static let sharingLimit = 64

    /// Finds out who reads along. Once for the events of a turn; linear in the number of peers.
    mutating func findSharers() {
        sharers.removeAll(keepingCapacity: true)
        guard sharingKey != nil, scheduler.hasStreams, availability.partialPeerCount > 0,
            now >= sharingResumesAt
        else { return }
        for number in peers.indices
        where peers[number].isConnected && !peers[number].hasAll
            && sharers.count < Self.sharingLimit
        {
            guard let key = peers[number].sharingKey, let since = peers[number].lastHaveAt
            else { continue }
            let limit = peers[number].meanHave == nil ? Self.newcomerTime : Self.sharingTime
            guard now - since <= limit else { continue }
            sharers.append(Sharer(number: number, key: key))
        }
    }

    /// Whether this peer is a seed that is spared: it came with everything, and others read along.
    func isShared(_ number: Int) -> Bool {
        !sharers.isEmpty && peers[number].hasAll && !peers[number].wasPartial
    }

    /// Whether blocks of the piece may be requested of the peer, and are not better left to others.
    func mayAsk(_ number: Int, _ piece: PieceIndex) -> Bool {
        canAsk(number, piece) && !(isShared(number) && isLeftToOthers(piece, number))
    }

    /// Whether the piece is to come from somebody else than the seed, since another reader fetches
    /// it, or has it. While a read waits for it that holds for a few turns only.
    func isLeftToOthers(_ piece: PieceIndex, _ seed: Int) -> Bool {
        let place = place(inLineFor: piece, seed)
        guard place > 0 else { return false }
        guard let since = urgentSince[piece] else { return true }
        guard scheduler.isNearStream(piece, within: Self.nearPieces) else { return false }
        return now < since + .seconds(Double(min(place, Self.turnLimit)) * turn(seed))
    }

    /// How many readers come before us in fetching the piece from the seed; one more where somebody
    /// has it already. Linear in the number of those who read along.
    func place(inLineFor piece: PieceIndex, _ seed: Int) -> Int {
        guard let own = sharingKey else { return 0 }
        let mine = SharingRank.weight(own, piece)
        let isUrgent = urgentSince[piece] != nil
        let reach = Double(scheduler.longestWindow + Self.sharingSlack)
        var place = 0
        var isThere = false
        for sharer in sharers {
            if peers[sharer.number].has(piece) {
                isThere = isThere || isGoodSource(sharer.number, besides: seed)
                continue
            }
            if let mean = peers[sharer.number].meanHave {
                if abs(mean - Double(piece.value)) > reach { continue }
            } else if isUrgent {
                // It may never read: no read waits for it.
                continue
            }
            if SharingRank.weight(sharer.key, piece) < mine { place += 1 }
        }
        return isThere ? place + 1 : place
    }

    /// Whether the peer sends, and not much slower than the seed does.
    private func isGoodSource(_ number: Int, besides seed: Int) -> Bool {
        guard !peers[number].isChokingUs, !peers[number].isSnubbed, !peers[number].isLate else {
            return false
        }
        let model = peers[number].model
        return !model.isProven || !peers[seed].model.isProven
            || model.rate * 2 >= peers[seed].model.rate
    }

    /// Seconds that each reader is given for a piece.
    private func turn(_ seed: Int) -> Double {
        let rate = peers[seed].model.expectedRate(assumed: assumedRate)
        let seconds = Double(geometry.pieceLength) / rate * Self.turnFactor
        return min(max(seconds, Self.shortestTurn), Self.longestTurn)
    }

    /// Looks again, when its time has come, at what reads wait for and was left to others.
    mutating func scheduleTurn(_ piece: PieceIndex) {
        guard !sharers.isEmpty else { return }
        let next = now + .seconds(Self.shortestTurn / 4)
        if turnEndsAt.map({ $0 > next }) ?? true { turnEndsAt = next }
    }

    /// A piece that a read waits for has been opened, to be asked of `candidates`: where that is the
    /// seed although it was another reader's turn, nobody took that.
    mutating func noteTurn(of piece: PieceIndex) {
        guard let seed = candidates.first(where: { isShared($0.number) }),
            place(inLineFor: piece, seed.number) > 0
        else { return }
        turnMissed()
    }

    /// Nobody took a turn.
    mutating func turnMissed() {
        missedTurns += 1
        guard missedTurns >= Self.missedTurnLimit else { return }
        missedTurns = 0
        sharers.removeAll(keepingCapacity: true)
        sharingResumesAt = now + Self.sharingPause
    }

    /// A piece verified: where another reader sent it, readers do share.
    mutating func noteSharing(_ slot: Int) {
        guard missedTurns > 0, open[slot].blockCount > 0,
            let number = peerNumbers[PeerKey(open[slot, 0].sender)], peers[number].wasPartial
        else { return }
        missedTurns = 0
    }
}
