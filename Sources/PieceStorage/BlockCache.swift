import TorrentCore

/// Verified blocks of pieces that are not here whole, in memory (BEP 52): on their way to the disk, or
/// not taken by it.
struct BlockCache {
    private struct Entry {
        let block: ReceivedBlock
        var lastUse: UInt64
    }

    private var pieces: [PieceIndex: [Int: Entry]] = [:]
    private var clock: UInt64 = 0
    private var bytes = 0
    private let limit: Int

    /// Holds at most `limit` bytes.
    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { pieces.isEmpty }

    /// Keeps a block; those least lately used make room, half of them at once.
    mutating func insert(_ block: ReceivedBlock) {
        clock += 1
        let number = block.request.blockIndex
        if pieces[block.request.piece, default: [:]].updateValue(
            Entry(block: block, lastUse: clock), forKey: number) == nil
        {
            bytes += block.bytes.count
        }
        if bytes > limit { makeRoom() }
    }

    private mutating func makeRoom() {
        var entries: [(piece: PieceIndex, block: Int, lastUse: UInt64, bytes: Int)] = []
        for (piece, blocks) in pieces {
            for (number, entry) in blocks {
                entries.append((piece, number, entry.lastUse, entry.block.bytes.count))
            }
        }
        entries.sort { $0.lastUse < $1.lastUse }
        for entry in entries where bytes > limit / 2 {
            pieces[entry.piece]?[entry.block] = nil
            if pieces[entry.piece]?.isEmpty == true { pieces[entry.piece] = nil }
            bytes -= entry.bytes
        }
    }

    /// Forgets the blocks of a piece, which is here whole, or gone.
    mutating func removeAll(of piece: PieceIndex) {
        guard let blocks = pieces.removeValue(forKey: piece) else { return }
        bytes -= blocks.values.reduce(0) { $0 + $1.block.bytes.count }
    }

    /// Forgets a block, which is on disk; gives it.
    mutating func remove(_ number: Int, of piece: PieceIndex) -> ReceivedBlock? {
        guard let entry = pieces[piece]?.removeValue(forKey: number) else { return nil }
        if pieces[piece]?.isEmpty == true { pieces[piece] = nil }
        bytes -= entry.block.bytes.count
        return entry.block
    }

    /// A block, noted as used.
    mutating func block(_ number: Int, of piece: PieceIndex) -> ReceivedBlock? {
        guard let entry = pieces[piece]?[number] else { return nil }
        clock += 1
        pieces[piece]?[number]?.lastUse = clock
        return entry.block
    }

    /// Whether a block is here.
    func contains(_ number: Int, of piece: PieceIndex) -> Bool {
        !pieces.isEmpty && pieces[piece]?[number] != nil
    }
}
