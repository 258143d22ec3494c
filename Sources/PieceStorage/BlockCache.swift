import TorrentCore

/// Verified blocks of pieces that are not here whole, in memory (BEP 52).
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

    /// The blocks that hold these bytes of a piece, in order and noted as used; nil where one is
    /// missing.
    mutating func blocks(of piece: PieceIndex, in range: Range<Int>) -> [ReceivedBlock]? {
        guard let known = pieces[piece], !range.isEmpty else { return nil }
        clock += 1
        let size = BlockRequest.standardLength
        var found: [ReceivedBlock] = []
        for number in range.lowerBound / size...(range.upperBound - 1) / size {
            guard let entry = known[number] else { return nil }
            found.append(entry.block)
        }
        for block in found { pieces[piece]?[block.request.blockIndex]?.lastUse = clock }
        return found
    }

    /// Whether all of these bytes of a piece are here.
    func covers(_ range: Range<Int>, of piece: PieceIndex) -> Bool {
        guard let known = pieces[piece], !range.isEmpty else { return false }
        let size = BlockRequest.standardLength
        return (range.lowerBound / size...(range.upperBound - 1) / size).allSatisfy {
            known[$0] != nil
        }
    }
}
