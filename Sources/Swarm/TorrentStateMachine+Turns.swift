import TorrentCore

// What reads wait for and another reader is to fetch: each of those in front has a turn, and who
// misses some is passed over from then on.
extension TorrentStateMachine {
    /// The least time by which whoever is next in line comes later: a seed that sends to many by
    /// TCP serves some of them much slower than others for seconds...
    static let shortestTurn = 1.0
    /// ...and the most.
    static let longestTurn = 3.0
    /// A turn lasts so many times as long as the seed takes to send us a piece.
    static let turnFactor = 1.5
    /// How many turns a piece is waited for at most.
    static let turnLimit = 3

    /// Whether the piece is to come from somebody else than the seed, since another reader fetches
    /// it, or has it. While a read waits for it that holds for a while only.
    func isLeftToOthers(_ piece: PieceIndex, _ seed: Int) -> Bool {
        let line = line(for: piece)
        guard !line.isOurs else { return false }
        guard let since = urgentSince[piece] else { return true }
        return now < since + .seconds(patience(line, piece, seed))
    }

    /// Seconds for which a read waits before the seed is asked for what others are to fetch.
    private func patience(_ line: SharingLine, _ piece: PieceIndex, _ seed: Int) -> Double {
        let isOnItsWay = line.isThere || line.claims > 0
        guard scheduler.isNearStream(piece, within: Self.nearPieces) else {
            // A single read, or the first of many.
            return isOnItsWay ? Self.claimTime : 0
        }
        // Once it is there it still has to come from there.
        let turns = min(line.claims + (line.isThere ? 2 : 0), Self.turnLimit)
        let places = min(line.place, Self.turnLimit)
        return Double(turns) * turn(seed) + Double(places) * Self.claimTime
    }

    /// Seconds that each reader is given for a piece.
    private func turn(_ seed: Int) -> Double {
        let rate = peers[seed].model.expectedRate(assumed: assumedRate)
        let seconds = Double(geometry.pieceLength) / rate * Self.turnFactor
        return min(max(seconds, Self.shortestTurn), Self.longestTurn)
    }

    /// Looks again, when its time has come, at what was left to others.
    mutating func scheduleTurn() {
        guard !sharers.isEmpty else { return }
        let next = now + .seconds(Self.claimTime)
        if turnEndsAt.map({ $0 > next }) ?? true { turnEndsAt = next }
    }

    /// We fetch a piece that a read waits for: those who said that they would did not in their turns.
    mutating func turnsMissed(_ piece: PieceIndex) {
        guard scheduler.isNearStream(piece, within: Self.nearPieces) else { return }
        for sharer in sharers
        where !peers[sharer.number].has(piece)
            && peers[sharer.number].claims.contains(piece, now: now)
        {
            peers[sharer.number].turns.missed(now: now)
        }
    }

    /// A reader has a piece that only seeds had: it took its turn, or that of another.
    mutating func turnTaken(_ number: Int, _ piece: PieceIndex) {
        newToSwarm.add(geometry.length(of: piece))
        peers[number].turns.taken()
    }
}
