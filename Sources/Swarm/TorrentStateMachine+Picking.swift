import TorrentCore

/// Which block a peer that has room is asked for next: the number of its open piece, and its own.
extension TorrentStateMachine {
    /// A block of a piece that a read waits for, the earliest read first; opens the piece where that is
    /// needed.
    mutating func pickUrgent(_ number: Int) -> (Int, Int)? {
        var leftOver = false
        var index = 0
        while index < scheduler.urgent.count {
            let piece = scheduler.urgent[index]
            index += 1
            var slot = open.slot(of: piece)
            if slot != OpenPieces.none, open[slot].missing == 0 || open[slot].state != .active {
                continue
            }
            leftOver = true
            if slot == OpenPieces.none, shortage == .reads { continue }
            guard mayAsk(number, piece) else {
                scheduleTurn()
                continue
            }
            if slot == OpenPieces.none {
                guard let opened = openUrgent(piece) else { continue }
                slot = opened
            }
            if isTooSlow(number, slot) { continue }
            if let block = nextBlock(number, slot) { return (slot, block) }
        }
        if !leftOver { urgentHasWork = false }
        return nil
    }

    /// Whether the others will be done with the piece long before this peer could send a block.
    private func isTooSlow(_ number: Int, _ slot: Int) -> Bool {
        guard totalRate > 0, peerCount > 1 else { return false }
        let mine = peers[number].secondsToArrival(assumedRate: assumedRate, now: now)
        let others = Double(open[slot].remaining * BlockRequest.standardLength) / totalRate
        return mine > 2 * others + 0.2
    }

    /// A block of a readahead window, of all streams in turn.
    mutating func pickSpeculative(_ number: Int) -> (Int, Int)? {
        var tried = 0
        while let stream = scheduler.nextStream(tried: tried) {
            if let found = pick(from: stream, number) {
                scheduler.streams[stream].credit -= 1
                return found
            }
            tried += 1
        }
        return nil
    }

    private mutating func pick(from stream: Int, _ number: Int) -> (Int, Int)? {
        let window = scheduler.streams[stream].window
        var piece = scheduler.streams[stream].cursor
        var isFront = true
        let first = firstPiece(for: number, of: stream)
        var looked = 0
        // Pieces that nobody has: a seed that is spared is asked for so many, and no further ahead.
        let isSpared = isShared(number)
        var left = isSpared ? sharedPieces : .max
        var takeover: (piece: PieceIndex, place: Int)?
        // What was begun for sharing is finished first: only whole pieces can be passed on.
        if isSharedSeed(number), let last = continued(number, window) { return last }
        while piece < window.upperBound {
            let slot = open.slot(of: piece)
            if have[piece]
                || slot != OpenPieces.none
                    && (open[slot].missing == 0 || open[slot].state != .active)
            {
                piece = piece.advanced(by: 1)
                if isFront { scheduler.streams[stream].cursor = piece }
                continue
            }
            isFront = false
            if isSpared, isNew(piece) {
                guard left > 0 else { break }
                left -= 1
            }
            guard piece >= first else {
                piece = first
                continue
            }
            if mayAsk(number, piece) {
                if slot != OpenPieces.none {
                    if let block = nextBlock(number, slot) { return found(number, slot, block) }
                } else if shortage == .none,
                    let found = open(choose(from: piece, window, number), for: number)
                {
                    return found
                }
            } else if isSpared, slot == OpenPieces.none, canAsk(number, piece),
                let place = placeToTakeOver(piece, stream: stream),
                place < takeover?.place ?? .max
            {
                takeover = (piece, place)
            }
            piece = piece.advanced(by: 1)
            looked += 1
            if looked == Self.rarityHorizon, let last = continued(number, window) { return last }
        }
        guard isSpared else { return nil }
        if shortage == .none, let takeover, let found = open(takeover.piece, for: number) {
            return found
        }
        noteHorizon(piece, stream: stream)
        return nil
    }

    /// Opens a piece that nobody waits for, or a read that has not been scheduled yet.
    private mutating func open(_ piece: PieceIndex, for number: Int) -> (Int, Int)? {
        guard let slot = openPiece(piece, isUrgent: scheduler.isUrgent(piece)),
            open[slot].state == .active, let block = nextBlock(number, slot)
        else { return nil }
        return found(number, slot, block)
    }

    /// The first piece of a stream that the peer is given blocks of. One that is much slower than
    /// the others begins further on, where the others will be when it has sent a block: the reader
    /// would have to wait for it.
    private func firstPiece(for number: Int, of stream: Int) -> PieceIndex {
        let cursor = scheduler.streams[stream].cursor
        let model = peers[number].model
        guard model.isProven, model.rate * Self.slowShare < assumedRate else { return cursor }
        let seconds = peers[number].secondsToArrival(assumedRate: assumedRate, now: now)
        let pieces = seconds * totalRate / Double(max(1, geometry.pieceLength))
        let last = scheduler.streams[stream].window.upperBound.value - 1
        return PieceIndex(max(cursor.value, min(cursor.value + Int(min(pieces, 1e6)), last)))
    }

    private mutating func found(_ number: Int, _ slot: Int, _ block: Int) -> (Int, Int) {
        open[slot].idleSince = nil
        peers[number].lastSlot = slot
        return (slot, block)
    }

    /// The next block of the piece that the peer last sent, which saves a peer with few pieces
    /// the walk through those that it lacks.
    private mutating func continued(
        _ number: Int, _ window: Range<PieceIndex>
    ) -> (Int, Int)? {
        let slot = peers[number].lastSlot
        guard slot != OpenPieces.none, open[slot].state == .active, open[slot].missing > 0,
            window.contains(open[slot].piece), canAsk(number, open[slot].piece),
            let block = nextBlock(number, slot)
        else { return nil }
        return (slot, block)
    }

    /// The piece to open where `first` is the first that could be: itself near the reader, the
    /// rarest of the next ones in the far part of the window.
    private func choose(
        from first: PieceIndex, _ window: Range<PieceIndex>, _ number: Int
    ) -> PieceIndex {
        // A second of the swarm's rate is near: too late for anything but order.
        let near =
            isSharedSeed(number) ? 0 : max(2, Int(totalRate) / max(1, geometry.pieceLength))
        // Which pieces are ours is settled, so they are taken in order.
        guard !isShared(number) else { return first }
        guard availability.partialPeerCount > 0, first.value - window.lowerBound.value >= near
        else { return first }
        var best = first
        var bestRank = PiecePicker.rank(first, availability: availability, salt: salt)
        let end = min(window.upperBound, first.advanced(by: Self.rarityHorizon))
        var piece = first.advanced(by: 1)
        while piece < end {
            if !have[piece], open.slot(of: piece) == OpenPieces.none, canAsk(number, piece) {
                let rank = PiecePicker.rank(piece, availability: availability, salt: salt)
                if rank < bestRank {
                    best = piece
                    bestRank = rank
                }
            }
            piece = piece.advanced(by: 1)
        }
        return best
    }
}
