import TorrentCore

/// A piece of which only some blocks are on disk, each verified by its own leaf (BEP 52).
///
/// Twelve bytes a block, so that 10 GB of them cost 8 MB; the leaves are in the catalogue.
struct SparsePiece: Sendable {
    /// A block that is on disk.
    struct Block: Sendable {
        let number: UInt16
        /// Bytes of it that its leaf covers.
        let length: UInt16
        var lastUse: UseTime
        /// Whether it is to be hashed before it is served.
        var isDoubtful: Bool
    }

    /// The file of the torrent that the piece belongs to: one, since a v2 file begins with a piece.
    let file: FileIndex
    /// By number, ascending.
    private(set) var blocks: [Block] = []

    init(file: FileIndex) { self.file = file }

    /// Bytes of all blocks.
    var bytes: Int64 { blocks.reduce(0) { $0 + Int64($1.length) } }

    /// The numbers of all blocks.
    var numbers: [Int] { blocks.map { Int($0.number) } }

    /// The block of a number.
    func block(_ number: Int) -> Block? {
        let position = position(of: number)
        guard position < blocks.count, Int(blocks[position].number) == number else { return nil }
        return blocks[position]
    }

    /// Adds a block; false where it is there already.
    mutating func insert(_ block: Block) -> Bool {
        let position = position(of: Int(block.number))
        guard position == blocks.count || blocks[position].number != block.number else {
            return false
        }
        blocks.insert(block, at: position)
        return true
    }

    /// Changes a block where it is there.
    mutating func update(_ number: Int, _ change: (inout Block) -> Void) {
        let position = position(of: number)
        guard position < blocks.count, Int(blocks[position].number) == number else { return }
        change(&blocks[position])
    }

    /// Takes blocks out.
    mutating func remove(where isChosen: (Block) -> Bool) -> [Block] {
        let chosen = blocks.filter(isChosen)
        if !chosen.isEmpty { blocks.removeAll(where: isChosen) }
        return chosen
    }

    /// Where a block of this number is, or would be.
    private func position(of number: Int) -> Int {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(blocks[middle].number) < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
