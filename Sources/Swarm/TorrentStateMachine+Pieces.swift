package import TorrentCore

extension TorrentStateMachine {
    /// There is no buffer for a piece that was to be opened. What was requested of it is dropped,
    /// and opening is tried again shortly.
    package mutating func bufferUnavailable(_ piece: PieceIndex, now: Timestamp) {
        self.now = now
        guard geometry.contains(piece) else { return }
        let slot = open.slot(of: piece)
        guard slot != OpenPieces.none else { return }
        close(slot)
        shortage = .reads
        openingPausedUntil = now + Self.bufferRetry
    }

    /// Tells how many bytes of buffers there are to be had now, which open pieces are not alone in
    /// using: verified ones keep theirs until they are written, and other torrents have some.
    package mutating func memoryAvailable(_ bytes: Int, now: Timestamp) {
        self.now = now
        let hasGrown = bytes > availableBytes
        availableBytes = bytes
        if hasGrown { memoryFreed() }
    }

    /// Whether some piece could not be opened for want of memory: `memoryAvailable` is to be called
    /// when some has been given back. Looks in its place, as `nextDeadline` does.
    package var isShortOfMemory: Bool {
        mutating get { shortage != .none }
    }

    /// Opens a piece that a read waits for; nil where there is no memory, or nothing of it to ask for.
    mutating func openUrgent(_ piece: PieceIndex) -> Int? {
        guard let slot = openPiece(piece, isUrgent: true), open[slot].state == .active else {
            return nil
        }
        return slot
    }

    /// Opens a piece within the memory budget, or returns nil.
    ///
    /// Speculative pieces take three quarters at most. For any piece those that nobody wants any
    /// more make room; for an urgent one, the speculative ones with the least progress too.
    mutating func openPiece(_ piece: PieceIndex, isUrgent: Bool) -> Int? {
        guard now >= openingPausedUntil, shortage != .reads, isUrgent || shortage == .none else {
            return nil
        }
        if isUrgent, mayBeSparse(piece) { return openSparse(piece) }
        let length = geometry.length(of: piece)
        guard makeRoom(for: length, isUrgent: isUrgent) else { return nil }
        let slot = open.open(piece, geometry: geometry, in: turn, isUrgent: isUrgent)
        open[slot].isOnParole = smartBan.hasFailed(piece)
        actions.append(.openPiece(piece))
        availableBytes -= length
        if let isPadding {
            for block in 0..<open[slot].blockCount where isPadding(geometry.block(block, of: piece))
            {
                open.becomePresent(slot, block, sender: BlockRecord.noSender)
            }
            if open[slot].remaining == 0 { beginVerifying(slot) }
        }
        return slot
    }

    /// Drops pieces until one of `length` fits the budget; false where none is left to be dropped.
    mutating func makeRoom(
        for length: Int, isUrgent: Bool, sparing spared: Int = OpenPieces.none
    ) -> Bool {
        while !fits(length, isUrgent: isUrgent) {
            guard let victim = victim(isUrgent: isUrgent, sparing: spared) else {
                shortage = isUrgent ? .reads : .readahead
                return false
            }
            let dropped = open[victim].piece
            if !open[victim].isSparse {
                availableBytes = min(availableBytes, .max - length) + open[victim].length
            }
            close(victim)
            actions.append(.dropPiece(dropped))
        }
        return true
    }

    private func fits(_ length: Int, isUrgent: Bool) -> Bool {
        if open.count == open.sparseCount { return true }
        let reserve = isUrgent ? 0 : configuration.bufferBytes / 4
        return open.bytes + length <= configuration.bufferBytes
            && length + reserve <= availableBytes
            && (isUrgent
                || open.speculativeBytes + length <= configuration.bufferBytes - reserve)
    }

    private func victim(isUrgent: Bool, sparing spared: Int) -> Int? {
        var best: Int?
        for slot in open.slots.indices where open[slot].state == .active && !open[slot].isUrgent {
            guard slot != spared else { continue }
            guard isUrgent || open[slot].idleSince != nil else { continue }
            guard let known = best else {
                best = slot
                continue
            }
            switch (open[slot].idleSince, open[known].idleSince) {
            case (let mine?, let other?): if mine < other { best = slot }
            case (_?, nil): best = slot
            case (nil, _?): break
            case (nil, nil): if open[slot].present < open[known].present { best = slot }
            }
        }
        return best
    }

    /// Closes a piece: what was requested of it is cancelled, and whoever writes into its buffer
    /// stops doing so. The caller decides what becomes of the buffer.
    mutating func close(_ slot: Int) {
        cancelRequests(slot)
        for block in 0..<open[slot].blockCount { divertWriter(slot, block) }
        let piece = open[slot].piece
        open.close(slot)
        scheduler.revisit(piece)
        memoryFreed()
    }

    /// Some piece was closed, or may now make room for others.
    mutating func memoryFreed() {
        if shortage != .none { resumeOpening() }
    }

    /// Looks again at everything that could not be opened.
    mutating func resumeOpening() {
        shortage = .none
        urgentHasWork = true
        workAppeared()
    }

    /// Cancels everything that is requested of an open piece.
    mutating func cancelRequests(_ slot: Int) {
        guard open[slot].state == .active else { return }
        let piece = open[slot].piece.rawValue
        for block in 0..<open[slot].blockCount where open[slot, block].requesterCount > 0 {
            let (first, second, third) = open[slot, block].requesters
            open[slot, block].removeRequesters()
            for number in [first, second, third] where number != BlockRecord.nobody {
                cancel(Int(number), piece: piece, block: UInt16(block))
            }
            open.becomeMissing(slot, block)
        }
    }

    /// Nobody wants an open piece any more. What it has stays for a while; what is under way is
    /// cancelled, unless the piece is nearly there.
    mutating func becomeIdle(_ slot: Int) {
        guard open[slot].state == .active, open[slot].idleSince == nil else { return }
        open[slot].idleSince = now
        let isNearlyThere =
            open[slot].missing == 0 && open[slot].remaining * 4 <= open[slot].blockCount
        if !isNearlyThere {
            cancelRequests(slot)
            open.unwantMissing(slot)
        }
        memoryFreed()
    }
}
