import Metainfo
package import TorrentCore

/// Reads of single blocks (BEP 52): where the leaf hashes of a piece can be had, a read that needs
/// little of it is given just its blocks, each verified by itself.
///
/// Such a piece is *sparse*: it has no buffer, its blocks arrive in memory of their own, and those
/// that no read needs are never requested. It becomes whole, keeping what it has, when a readahead
/// window covers it, when reads have touched much of it, or when nobody gives its leaves.
extension TorrentStateMachine {
    /// Pieces of fewer blocks are fetched whole: there is little to be spared.
    static let leastSparseBlocks = 8
    /// A piece is fetched whole once this share of it was read block by block: the rest is likely to
    /// be read too, and only whole pieces are given to peers.
    static let sparseShare = 4
    /// Sparse pieces that nobody reads are kept while there are no more than this.
    static let idleSparseLimit = 256

    /// The blocks that make up a part of the payload in a piece.
    func blocks(of piece: PieceIndex, in bytes: Range<Int64>) -> Range<Int> {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        let length = Int64(geometry.length(of: piece))
        let lower = min(max(0, bytes.lowerBound - start), length)
        let upper = min(max(lower, bytes.upperBound - start), length)
        let size = Int64(BlockRequest.standardLength)
        return Int(lower / size)..<Int((upper + size - 1) / size)
    }

    /// Whether a piece that is opened for reads is to be sparse.
    func mayBeSparse(_ piece: PieceIndex) -> Bool {
        guard let find = hashes.tree, !scheduler.isAhead(piece), !smartBan.hasFailed(piece) else {
            return false
        }
        let count = geometry.blockCount(of: piece)
        guard count >= Self.leastSparseBlocks else { return false }
        var wanted = 0
        for bytes in scheduler.bytes(of: piece) {
            guard let bytes else { return false }
            wanted += blocks(of: piece, in: bytes).count
        }
        guard (wanted + hashes.touchedBlocks(of: piece)) * Self.sparseShare <= count else {
            return false
        }
        // A hybrid's piece may be padding for the most part, and its tree small.
        guard let tree = find(piece), tree.node != nil, 1 << tree.height >= Self.leastSparseBlocks
        else { return false }
        return peers.indices.contains { givesHashes($0, piece) }
    }

    /// Whether the peer may be asked for hashes of the piece.
    func givesHashes(_ number: Int, _ piece: PieceIndex) -> Bool {
        peers[number].isConnected && !peers[number].isBanned && peers[number].traits.supportsHashes
            && peers[number].has(piece) && peers[number].hashPauseUntil <= now
    }

    /// Opens a piece of which only blocks that reads wait for are fetched.
    mutating func openSparse(_ piece: PieceIndex) -> Int {
        dropIdleSparse()
        let slot = open.open(
            piece, geometry: geometry, in: turn, isUrgent: true, isSparse: true)
        for bytes in scheduler.bytes(of: piece) {
            if let bytes { want(blocks(of: piece, in: bytes), of: slot) }
        }
        return slot
    }

    /// Reads wait for these blocks of a sparse piece.
    mutating func want(_ range: Range<Int>, of slot: Int) {
        let piece = open[slot].piece
        var added = 0
        for block in range where block < open[slot].blockCount && open.want(slot, block) {
            added += 1
        }
        // The store has forgotten what is read once more: it is handed in again.
        for block in range where block < open[slot].blockCount {
            guard open[slot, block].check == .verified else { continue }
            open[slot, block].check = .none
            verifyBlock(slot, block)
        }
        guard added > 0 else { return }
        hashes.touch(piece, blocks: added)
        fetchLeaves(of: range, slot)
        if hashes.touchedBlocks(of: piece) * Self.sparseShare > open[slot].blockCount {
            becomeWhole(slot)
        }
    }

    /// All of a sparse piece is to be fetched; what has arrived and what is under way is kept. Stays
    /// sparse where there is no memory now.
    mutating func becomeWhole(_ slot: Int) {
        guard open[slot].isSparse, open[slot].state == .active else { return }
        guard makeRoom(for: open[slot].length, isUrgent: open[slot].isUrgent, sparing: slot) else {
            open[slot].isToBeWhole = true
            return
        }
        open.becomeWhole(slot)
        availableBytes -= open[slot].length
        actions.append(.openPiece(open[slot].piece))
        if let isPadding {
            for block in 0..<open[slot].blockCount
            where open[slot, block].status == .missing
                && isPadding(geometry.block(block, of: open[slot].piece))
            {
                open.becomePresent(slot, block, sender: BlockRecord.noSender)
            }
        }
        if open[slot].isUrgent { urgentHasWork = true }
        scheduler.revisit(open[slot].piece)
        workAppeared()
        if open[slot].remaining == 0 { beginVerifying(slot) }
    }

    /// Sparse pieces in a readahead window, or that had no memory to become whole.
    mutating func widenSparse(in window: Range<PieceIndex>? = nil) {
        guard open.sparseCount > 0 else { return }
        for slot in open.slots.indices where open[slot].state == .active && open[slot].isSparse {
            let isCovered = window.map { $0.contains(open[slot].piece) } ?? open[slot].isToBeWhole
            if isCovered { becomeWhole(slot) }
        }
    }

    /// Sparse pieces that nobody reads make room for another, the longest idle first.
    private mutating func dropIdleSparse() {
        while open.sparseCount >= Self.idleSparseLimit || open.bytes > configuration.bufferBytes {
            var oldest: (slot: Int, since: Timestamp)?
            for slot in open.slots.indices where open[slot].state == .active && open[slot].isSparse
            {
                guard let since = open[slot].idleSince else { continue }
                if oldest.map({ since < $0.since }) ?? true { oldest = (slot, since) }
            }
            guard let oldest else { return }
            let piece = open[oldest.slot].piece
            close(oldest.slot)
            actions.append(.dropPiece(piece))
        }
    }

    // MARK: - Verifying blocks

    /// A block of a sparse piece is here: it is verified as soon as its leaf is.
    mutating func verifyBlock(_ slot: Int, _ block: Int) {
        let piece = open[slot].piece
        guard let tree = hashes.tree?(piece), open[slot].isSparse,
            open[slot, block].status == .present, open[slot, block].check == .none
        else { return }
        guard let leaf = hashes.leaf(piece, block, runLength: tree.runLength) else {
            fetchLeaves(of: block..<block + 1, slot)
            resumeLeaves(slot, run: block / tree.runLength, sender: open[slot, block].sender)
            return
        }
        open[slot, block].check = .verifying
        actions.append(.verifyBlock(geometry.block(block, of: piece), leaf: leaf))
    }

    /// A block of a sparse piece has been hashed; `isGood` where its leaf is what was proven.
    package mutating func blockVerified(_ request: BlockRequest, isGood: Bool, now: Timestamp) {
        self.now = now
        guard geometry.contains(request) else { return }
        let slot = open.slot(of: request.piece)
        let block = request.blockIndex
        guard slot != OpenPieces.none, open[slot].state == .active,
            open[slot, block].status == .present, open[slot, block].check == .verifying
        else { return }
        guard !isGood else {
            open[slot, block].check = .verified
            return
        }
        counts.wasted += Int64(request.length)
        let sender = open[slot, block].sender
        returnBlock(slot, block)
        if sender != BlockRecord.noSender { ban(PeerKey(sender), .badBlock(request.piece)) }
    }
}
