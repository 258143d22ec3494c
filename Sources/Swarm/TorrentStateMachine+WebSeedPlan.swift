import TorrentCore

/// Which runs of blocks are asked of web seeds.
///
/// A server is always there, and costs somebody money: peers go first. It is asked at once for what
/// no peer that sends has; for what a read waits for where it would be clearly earlier than the
/// peers; and, once that has happened, for readahead too, as long as the peers cannot keep up.
extension TorrentStateMachine {
    /// Peers have this long to begin with a piece that a read waits for.
    static let webSeedPatience = Interval.milliseconds(200)
    /// The server is to be this much quicker than the peers, since predictions err...
    static let webSeedFactor = 1.5
    /// ...and by this many seconds more, which nobody notices.
    static let webSeedMargin = 0.1
    /// However quick the peers ought to be: after this many seconds, and four times what the server
    /// should take, they have had their chance.
    static let webSeedLongestWait = 1.0
    /// How long the server helps with readahead once it had to help a read out.
    static let webSeedHelpTime = Interval.seconds(2)
    /// A piece that a read waits for is shared out among lanes in no smaller parts, in blocks.
    static let smallestUrgentRun = 16
    /// A run for readahead is as long as a lane takes a second for, within these bounds in blocks:
    /// 256 KiB, below which requests cost more than they carry, and 8 MiB, which can be abandoned
    /// without much loss.
    static let readaheadRun = 16...512

    mutating func scheduleWebSeeds() {
        webSeedsAreDue = false
        guard !webSeeds.isEmpty else { return }
        for number in peers.indices where peers[number].lane?.isBusy ?? false {
            if peers[number].queue.liveCount == 0, !peers[number].queue.isEmpty {
                abandonFetch(number)
            }
        }
        guard scheduler.hasDemand else { return }
        planUrgentFetches()
        planReadaheadFetches()
    }

    /// When the next pause ends; nil where nothing is waited for.
    var nextWebSeedDeadline: Timestamp? {
        guard scheduler.hasDemand else { return nil }
        var next: Timestamp?
        for seed in webSeeds where !seed.isDisabled && seed.pausedUntil > now {
            next = min(next ?? seed.pausedUntil, seed.pausedUntil)
        }
        return next
    }

    // MARK: - What reads wait for

    private mutating func planUrgentFetches() {
        var index = 0
        while index < scheduler.urgent.count {
            let piece = scheduler.urgent[index]
            index += 1
            var slot = open.slot(of: piece)
            if slot != OpenPieces.none, open[slot].state != .active { continue }
            guard let seed = bestSeed(for: piece) else { continue }
            let hasPeers = hasSendingPeer(piece)
            if hasPeers, !arePeersTooSlow(piece, beside: seed) { continue }
            if isReadersTurn(piece, seed) {
                scheduleTurn()
                continue
            }
            if slot == OpenPieces.none {
                guard let opened = openUrgent(piece) else { continue }
                slot = opened
            }
            guard fetchUrgent(slot, of: seed) else { continue }
            if hasPeers { webSeedsHelpUntil = now + Self.webSeedHelpTime }
        }
    }

    /// Asks for all of an open piece that is not there and that no web seed has been asked for.
    private mutating func fetchUrgent(_ slot: Int, of seed: Int) -> Bool {
        var lanes = freeLanes(seed)
        var blocks = (0..<open[slot].blockCount).filter {
            open[slot, $0].status != .present && !isRequestedOfWebSeed(slot, $0)
        }
        let allowed = mayFetch(blocks.count, isUrgent: true)
        guard allowed > 0 else { return false }
        if !open[slot].isOnParole {
            blocks.removeLast(blocks.count - allowed)
        } else {
            // All of it from one source, so that the culprit shows.
            guard blocks.count == open[slot].remaining else { return false }
            lanes.removeLast(lanes.count - 1)
            open[slot].paroleOwner = Int16(lanes[0])
        }
        let share = (blocks.count + lanes.count - 1) / lanes.count
        let length = max(Self.smallestUrgentRun, share)
        for lane in lanes {
            guard let first = blocks.first else { break }
            var count = 1
            while count < min(length, blocks.count), blocks[count] == first + count { count += 1 }
            begin(lane, blocks[..<count].map { (slot, $0) }, isUrgent: true)
            blocks.removeFirst(count)
        }
        return true
    }

    /// Whether a read would be served clearly earlier by the server than by the peers that have the
    /// piece.
    private mutating func arePeersTooSlow(_ piece: PieceIndex, beside seed: Int) -> Bool {
        let slot = open.slot(of: piece)
        guard slot != OpenPieces.none else { return false }
        guard let since = open[slot].urgentSince else {
            open[slot].urgentSince = now
            return false
        }
        let waited = now - since
        guard waited >= Self.webSeedPatience else { return false }
        var rate = 0.0
        for number in peers.indices where isSending(number, piece) {
            rate += peers[number].model.expectedRate(assumed: assumedRate)
        }
        let bytes = open[slot].remaining * BlockRequest.standardLength
        let web = webSeeds[seed].seconds(for: bytes, lanes: freeLanes(seed).count)
        return Double(bytes) / max(rate, 1) > web * Self.webSeedFactor + Self.webSeedMargin
            || waited.seconds > web * 4 + Self.webSeedLongestWait
    }

    // MARK: - Readahead

    private mutating func planReadaheadFetches() {
        var isDone = false
        while !isDone {
            isDone = true
            for seed in webSeeds.indices where webSeeds[seed].isReady(now: now) {
                let lanes = freeLanes(seed)
                // The last one is kept for a read that may come.
                guard lanes.count > 1 else { continue }
                let run = nextRun(of: seed)
                guard !run.isEmpty else { continue }
                begin(lanes[0], run, isUrgent: false)
                isDone = false
            }
        }
    }

    /// The next blocks that a window covers, by slot and number: the streams take turns.
    private mutating func nextRun(of seed: Int) -> [(slot: Int, block: Int)] {
        let rate = webSeeds[seed].laneRate ?? WebSeed.assumedRate
        let limit = mayFetch(
            min(
                max(Int(rate) / BlockRequest.standardLength, Self.readaheadRun.lowerBound),
                Self.readaheadRun.upperBound), isUrgent: false)
        guard limit > 0 else { return [] }
        var tried = 0
        while let stream = scheduler.nextStream(tried: tried) {
            let run = nextRun(of: seed, stream: stream, limit: limit)
            if !run.isEmpty {
                scheduler.streams[stream].credit -= run.count
                return run
            }
            tried += 1
        }
        return []
    }

    private mutating func nextRun(
        of seed: Int, stream: Int, limit: Int
    ) -> [(slot: Int, block: Int)] {
        let window = scheduler.streams[stream].window
        guard var piece = firstPiece(of: seed, stream: stream) else { return [] }
        var run: [(slot: Int, block: Int)] = []
        while piece < window.upperBound, run.count < limit,
            run.isEmpty || canFetchAhead(piece, of: seed) && !isReadersTurn(piece, seed)
        {
            var slot = open.slot(of: piece)
            if slot == OpenPieces.none {
                let isUrgent = scheduler.isUrgent(piece)
                guard let opened = openPiece(piece, isUrgent: isUrgent) else { break }
                slot = opened
                guard open[slot].state == .active else { break }
            }
            open[slot].idleSince = nil
            guard
                var block = run.isEmpty
                    ? open.nextMissing(slot, for: BlockRecord.nobody - 1) : 0
            else { break }
            while block < open[slot].blockCount, run.count < limit,
                open[slot, block].status == .missing
            {
                run.append((slot, block))
                block += 1
            }
            guard block == open[slot].blockCount else { break }
            piece = piece.advanced(by: 1)
        }
        return run
    }

    /// Where the next run of a stream begins.
    private mutating func firstPiece(of seed: Int, stream: Int) -> PieceIndex? {
        let window = scheduler.streams[stream].window
        var piece = scheduler.streams[stream].cursor
        var isFront = true
        var left = sharers.isEmpty ? Int.max : sharedPieces
        var takeover: (piece: PieceIndex, place: Int)?
        while piece < window.upperBound {
            let slot = open.slot(of: piece)
            let isDone =
                have[piece]
                || slot != OpenPieces.none
                    && (open[slot].missing == 0 || open[slot].state != .active)
            if !isDone {
                if isNew(piece) {
                    guard left > 0 else { break }
                    left -= 1
                }
                if canFetchAhead(piece, of: seed) {
                    if !isReadersTurn(piece, seed) { return piece }
                    if slot == OpenPieces.none,
                        let place = placeToTakeOver(piece, stream: stream),
                        place < takeover?.place ?? .max
                    {
                        takeover = (piece, place)
                    }
                }
                isFront = false
            }
            piece = piece.advanced(by: 1)
            if isFront { scheduler.streams[stream].cursor = piece }
        }
        if let takeover { return takeover.piece }
        if !sharers.isEmpty { noteHorizon(piece, stream: stream) }
        return nil
    }

    private func canFetchAhead(_ piece: PieceIndex, of seed: Int) -> Bool {
        guard !have[piece], hasFiles(seed, piece) else { return false }
        let slot = open.slot(of: piece)
        if slot != OpenPieces.none {
            guard open[slot].state == .active, open[slot].missing > 0, !open[slot].isOnParole
            else { return false }
        } else if shortage != .none || smartBan.hasFailed(piece) {
            return false
        }
        return now < webSeedsHelpUntil || !hasSendingPeer(piece)
    }

    /// Whether another reader of the same data is to fetch the piece from the server, and we from
    /// it: see `TorrentStateMachine+Sharing.swift`.
    private func isReadersTurn(_ piece: PieceIndex, _ seed: Int) -> Bool {
        !sharers.isEmpty && isLeftToOthers(piece, webSeeds[seed].lanes[0])
    }

    // MARK: - Who

    /// Gives a lane a run of blocks.
    private mutating func begin(
        _ number: Int, _ run: [(slot: Int, block: Int)], isUrgent: Bool
    ) {
        guard let seed = peers[number].lane?.seed else { return }
        peers[number].lane?.begin(now: now)
        peers[number].lastByteAt = now
        var blocks: [BlockRequest] = []
        blocks.reserveCapacity(run.count)
        for (slot, block) in run {
            request(number, slot, block)
            blocks.append(geometry.block(block, of: open[slot].piece))
        }
        actions.append(
            .fetch(
                peers[number].key, WebSeedFetch(seed: seed, blocks: blocks, isUrgent: isUrgent)))
    }

    private func freeLanes(_ seed: Int) -> [Int] {
        webSeeds[seed].lanes.filter { !(peers[$0].lane?.isBusy ?? true) }
    }

    /// The web seed that would have sent a piece first, of those that may be asked for it now.
    private func bestSeed(for piece: PieceIndex) -> Int? {
        let length = geometry.length(of: piece)
        var best: (seed: Int, seconds: Double)?
        for seed in webSeeds.indices {
            guard webSeeds[seed].isReady(now: now), hasFiles(seed, piece) else { continue }
            let lanes = freeLanes(seed).count
            guard lanes > 0 else { continue }
            let seconds = webSeeds[seed].seconds(for: length, lanes: lanes)
            if best == nil || seconds < best?.seconds ?? 0 { best = (seed, seconds) }
        }
        return best?.seed
    }

    /// Whether some peer has the piece and is expected to send it when asked.
    private func hasSendingPeer(_ piece: PieceIndex) -> Bool {
        peers.indices.contains { isSending($0, piece) }
    }

    private func isSending(_ number: Int, _ piece: PieceIndex) -> Bool {
        canAsk(number, piece) && !peers[number].isSnubbed && !peers[number].isLate
    }

    func isRequestedOfWebSeed(_ slot: Int, _ block: Int) -> Bool {
        let (first, second, third) = open[slot, block].requesters
        for number in [first, second, third] where number != BlockRecord.nobody {
            if peers[Int(number)].lane != nil { return true }
        }
        return false
    }
}
