import TorrentCore

/// The blocks of a torrent that are on disk by themselves, of pieces that are not there whole.
///
/// What the catalogue says of blocks is always in here too, or in `covered`: no byte that it vouches
/// for is given back to the disk before it was told.
struct StoredBlocks: Sendable {
    private(set) var pieces: [PieceIndex: SparsePiece] = [:]
    /// Pieces that are whole now, while the catalogue knows some of their blocks only: should they be
    /// lost before it knows better, the blocks are there still.
    private(set) var covered: [PieceIndex: SparsePiece] = [:]
    /// Bytes of those in `pieces`.
    private(set) var bytes: Int64 = 0
    /// Those in each of the torrent's files; none where there are none.
    private(set) var fileBytes: [FileIndex: Int64] = [:]
    /// Written since the last sync, not in the catalogue: what they hash to, by number.
    private(set) var dirty: [PieceIndex: [Int: SHA256Digest]] = [:]
    /// Handed to the commit thread, not in the catalogue yet.
    private(set) var syncing: [PieceIndex: [Int: SHA256Digest]] = [:]

    var isEmpty: Bool { pieces.isEmpty }

    /// Bytes in one of the torrent's files.
    func bytes(of file: FileIndex) -> Int64 { fileBytes[file] ?? 0 }

    /// Bytes in some pieces.
    func bytes(of range: Range<PieceIndex>) -> Int64 {
        if pieces.count < range.count {
            return pieces.reduce(0) { range.contains($1.key) ? $0 + $1.value.bytes : $0 }
        }
        return range.reduce(0) { $0 + (pieces[$1]?.bytes ?? 0) }
    }

    /// A block that is on disk.
    func block(_ number: Int, of piece: PieceIndex) -> SparsePiece.Block? {
        pieces.isEmpty ? nil : pieces[piece]?.block(number)
    }

    /// The pieces of a range of which there are blocks, in order.
    func pieces(in range: Range<PieceIndex>) -> [PieceIndex] {
        pieces.count < range.count
            ? pieces.keys.filter { range.contains($0) }.sorted()
            : range.filter { pieces[$0] != nil }
    }

    /// Whether bytes of the piece may be vouched for, or be about to be.
    func holds(_ piece: PieceIndex) -> Bool { pieces[piece] != nil || covered[piece] != nil }

    /// Whether some block of the piece is not in the catalogue yet.
    func isUnsynced(_ piece: PieceIndex) -> Bool {
        dirty[piece] != nil || syncing[piece] != nil
    }

    /// The blocks of the piece that are not in the catalogue yet.
    func unsynced(of piece: PieceIndex) -> Set<Int> {
        guard isUnsynced(piece) else { return [] }
        return Set((dirty[piece] ?? [:]).keys).union((syncing[piece] ?? [:]).keys)
    }

    /// What a block hashes to that is not in the catalogue yet.
    func leaf(_ number: Int, of piece: PieceIndex) -> SHA256Digest? {
        dirty[piece]?[number] ?? syncing[piece]?[number]
    }

    // MARK: Coming

    /// Adds a block that is on disk; one with a `leaf` is not synced.
    mutating func insert(
        _ block: SparsePiece.Block, of piece: PieceIndex, in file: FileIndex, leaf: SHA256Digest?
    ) {
        guard pieces[piece, default: SparsePiece(file: file)].insert(block) else { return }
        count(Int64(block.length), file)
        if let leaf { dirty[piece, default: [:]][Int(block.number)] = leaf }
    }

    /// Notes a use of blocks.
    mutating func note(_ numbers: Range<Int>, of piece: PieceIndex, at time: UseTime) {
        for number in numbers { pieces[piece]?.update(number) { $0.lastUse = time } }
    }

    /// A block was hashed, and is right.
    mutating func accept(_ number: Int, of piece: PieceIndex) {
        pieces[piece]?.update(number) { $0.isDoubtful = false }
    }

    // MARK: Going

    /// Takes blocks out; gives them.
    mutating func remove(
        of piece: PieceIndex, where isChosen: (SparsePiece.Block) -> Bool = { _ in true }
    ) -> SparsePiece? {
        guard var rest = pieces[piece] else { return nil }
        var removed = SparsePiece(file: rest.file)
        for block in rest.remove(where: isChosen) {
            _ = removed.insert(block)
            let number = Int(block.number)
            Self.remove(number, of: piece, from: &dirty)
            Self.remove(number, of: piece, from: &syncing)
            count(-Int64(block.length), rest.file)
        }
        pieces[piece] = rest.blocks.isEmpty ? nil : rest
        return removed.blocks.isEmpty ? nil : removed
    }

    /// The piece is on disk whole: its blocks count no longer. Whether the catalogue knows some of
    /// them, or is about to.
    mutating func cover(_ piece: PieceIndex) -> Bool {
        guard pieces[piece] != nil else { return covered[piece] != nil }
        // What the catalogue will not be told of lasts, or is lost, with the piece.
        let told = syncing[piece] ?? [:]
        let untold = Set((dirty[piece] ?? [:]).keys).subtracting(told.keys)
        _ = remove(of: piece) { untold.contains(Int($0.number)) }
        covered[piece] = remove(of: piece)
        dirty[piece] = nil
        if covered[piece] != nil, !told.isEmpty { syncing[piece] = told }
        return covered[piece] != nil
    }

    /// Takes blocks out that a sync has lost, of pieces that are whole now.
    mutating func removeCovered(_ numbers: Set<Int>, of piece: PieceIndex) {
        guard covered[piece] != nil else { return }
        _ = covered[piece]?.remove { numbers.contains(Int($0.number)) }
        if covered[piece]?.blocks.isEmpty == true { covered[piece] = nil }
        for number in numbers { Self.remove(number, of: piece, from: &syncing) }
    }

    /// The whole piece is lost: what the catalogue knew before is there again.
    mutating func uncover(_ piece: PieceIndex) {
        guard let known = covered.removeValue(forKey: piece) else { return }
        for block in known.blocks { insert(block, of: piece, in: known.file, leaf: nil) }
    }

    /// The catalogue knows that the piece is whole.
    mutating func forgetCovered(_ piece: PieceIndex) {
        guard covered.removeValue(forKey: piece) != nil else { return }
        syncing[piece] = nil
        dirty[piece] = nil
    }

    // MARK: Syncing

    mutating func beginSync() {
        for (piece, leaves) in dirty { syncing[piece, default: [:]].merge(leaves) { $1 } }
        dirty = [:]
    }

    mutating func endSync(isCommitted: Bool) {
        if !isCommitted {
            for (piece, leaves) in syncing { dirty[piece, default: [:]].merge(leaves) { $1 } }
        }
        syncing = [:]
    }

    private static func remove(
        _ number: Int, of piece: PieceIndex, from leaves: inout [PieceIndex: [Int: SHA256Digest]]
    ) {
        guard leaves[piece]?.removeValue(forKey: number) != nil else { return }
        if leaves[piece]?.isEmpty == true { leaves[piece] = nil }
    }

    private mutating func count(_ bytes: Int64, _ file: FileIndex) {
        self.bytes += bytes
        let left = (fileBytes[file] ?? 0) + bytes
        fileBytes[file] = left == 0 ? nil : left
    }
}
