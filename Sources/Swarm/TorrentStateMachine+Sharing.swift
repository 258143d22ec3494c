package import TorrentCore

// Clients that read the same data in the same order at the same time would all fetch the same
// pieces from the seed. Those of this program divide them. Each says what it has begun to fetch
// (`sf_fetching`), and nobody else begins with that. Who begins with which piece follows from
// `SharingRank`, so that no two begin with the same at once; what its first does not begin with
// goes to whoever has nothing else to do. And nobody runs far ahead of the others, so that what a
// seed sends slowly soon is all that it sends.
//
// What falls to another one is left to it until a read has waited for it for a moment, so a
// division that is not kept costs a moment, never the data.
extension TorrentStateMachine {
    /// A peer reads along where it announced a piece within this time.
    static let sharingTime = Interval.seconds(10)
    /// A read so many pieces before a readahead window at most is that of the window's reader.
    static let nearPieces = 8
    /// A peer that reads along no further from a piece than a readahead window, and this many pieces,
    /// will fetch it: as many as the average of what it announced lags behind, twice over.
    static let sharingSlack = 32
    /// What the latest piece counts for where a peer reads: an eighth, so that the average is that
    /// of the last pieces that it got, those far ahead and those it waited for.
    static let positionWeight = 0.125
    /// The most peers that are reckoned with: more make no difference to who is first.
    static let sharingLimit = 64
    /// A shared seed is asked for what it sends all readers together in so many seconds from where
    /// they are, and no more.
    static let sharingHorizon = 1.0
    /// Pieces that it may always be asked for: what a few readers need to begin with.
    static let sharingPieces = 8
    /// Whoever is the first in line for a piece that may be fetched has said that it fetches it after
    /// this time, or others may: a long round trip, and a busy moment.
    static let claimTime = 0.25

    /// Finds out who reads along. Once for the events of a turn; linear in the number of peers.
    mutating func findSharers() {
        sharers.removeAll(keepingCapacity: true)
        hasReaders = false
        guard sharingKey != nil, availability.partialPeerCount > 0,
            availability.partialPeerCount >= availability.seedCount
        else { return }
        for number in peers.indices
        where peers[number].isConnected && !peers[number].hasAll
            && sharers.count < Self.sharingLimit
        {
            guard let key = peers[number].sharingKey else { continue }
            hasReaders = true
            guard scheduler.hasDemand, let since = peers[number].lastHaveAt,
                now - since <= Self.sharingTime
            else { continue }
            sharers.append(
                Sharer(
                    number: number, key: key,
                    isTrusted: peers[number].turns.pausedUntil <= now && !peers[number].isSnubbed))
        }
        guard !sharers.isEmpty else { return }
        let pieces = newToSwarm.rate(now: now) * Self.sharingHorizon
        sharedPieces = max(Self.sharingPieces, Int(pieces) / max(1, geometry.pieceLength))
    }

    /// A peer has begun to fetch a piece from a seed, and will announce that it has it.
    package mutating func peerFetching(_ key: PeerKey, _ piece: PieceIndex, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), geometry.contains(piece), !peers[number].has(piece),
            peers[number].sharingKey != nil
        else { return }
        peers[number].claims.add(piece, now: now)
        noteReading(number, piece)
    }

    /// A peer got a piece, or fetches it: it reads there.
    mutating func noteReading(_ number: Int, _ piece: PieceIndex) {
        let mean = peers[number].meanHave ?? Double(piece.value)
        peers[number].meanHave = mean + (Double(piece.value) - mean) * Self.positionWeight
        peers[number].lastHaveAt = now
    }

    /// Whether this peer is a seed, or a lane of a web seed: it came with everything.
    private func isSource(_ number: Int) -> Bool {
        peers[number].lane != nil || peers[number].hasAll && !peers[number].wasPartial
    }

    /// Whether this peer is a seed that is spared, since others read along.
    func isShared(_ number: Int) -> Bool { !sharers.isEmpty && isSource(number) }

    /// Whether nobody has the piece but seeds.
    func isNew(_ piece: PieceIndex) -> Bool {
        availability.count(of: piece) <= availability.seedCount
    }

    /// Whether blocks of the piece may be requested of the peer, and are not better left to others.
    func mayAsk(_ number: Int, _ piece: PieceIndex) -> Bool {
        canAsk(number, piece) && !(isShared(number) && isLeftToOthers(piece, number))
    }

    /// Tells others, once, that an open piece is fetched from a seed.
    mutating func claim(_ slot: Int, from number: Int) {
        guard hasReaders, configuration.isUploadEnabled, isSource(number) else { return }
        let piece = open[slot].piece
        if !sharers.isEmpty, scheduler.isUrgent(piece) { turnsMissed(piece) }
        open[slot].isClaimed = true
        actions.append(.announceFetch(piece))
    }

    /// Whether we have said that we fetch the piece.
    private func isClaimed(_ piece: PieceIndex) -> Bool {
        let slot = open.slot(of: piece)
        return slot != OpenPieces.none && open[slot].isClaimed
    }

    /// Who fetches the piece from a seed. Linear in the number of those who read along.
    func line(for piece: PieceIndex) -> SharingLine {
        var line = SharingLine()
        guard let own = sharingKey else { return line }
        let mine = SharingRank.weight(own, piece)
        let isOurs = isClaimed(piece)
        for sharer in sharers {
            if peers[sharer.number].has(piece) {
                line.isThere = line.isThere || isGoodSource(sharer.number)
            } else if !isOurs, sharer.isTrusted {
                if peers[sharer.number].claims.contains(piece, now: now) { line.claims += 1 }
                if isInReach(sharer, piece), SharingRank.weight(sharer.key, piece) < mine {
                    line.place += 1
                }
            }
        }
        return line
    }

    /// Whether a reader that lacks the piece is to be expected to fetch it.
    func isInReach(_ sharer: Sharer, _ piece: PieceIndex) -> Bool {
        guard let mean = peers[sharer.number].meanHave else { return false }
        let reach = Double(scheduler.longestWindow + Self.sharingSlack)
        return abs(mean - Double(piece.value)) <= reach
    }

    /// Whether the peer sends, and as quickly as its part in what readers share needs.
    private func isGoodSource(_ number: Int) -> Bool {
        guard !peers[number].isChokingUs, !peers[number].isSnubbed else { return false }
        let model = peers[number].model
        guard model.isProven else { return true }
        let needed = Double(sharedPieces * geometry.pieceLength) / Self.sharingHorizon
        return model.rate * 2 * Double(sharers.count + 1) >= needed
    }

    /// How well a piece that nobody has begun with may be taken over from whoever is first in line:
    /// the less the better; nil where it is not ours to take.
    func placeToTakeOver(_ piece: PieceIndex, stream: Int) -> Int? {
        let line = line(for: piece)
        guard line.claims == 0, !line.isThere else { return nil }
        let time = Double(min(line.place, Self.turnLimit)) * Self.claimTime
        return scheduler.streams[stream].horizon.covers(piece, for: time, now: now)
            ? line.place : nil
    }

    /// All that a spared seed may be asked for now ends before `end`, and nothing of it is ours.
    mutating func noteHorizon(_ end: PieceIndex, stream: Int) {
        scheduler.streams[stream].horizon.note(end, now: now)
        scheduleTurn()
    }
}
