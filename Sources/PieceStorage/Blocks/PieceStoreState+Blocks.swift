import TorrentCore

extension PieceStoreState {
    /// The part of a piece that lies in a part of the payload, in bytes of the piece.
    static func part(
        of piece: PieceIndex, in bytes: Range<Int64>, _ geometry: PieceGeometry
    ) -> Range<Int> {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        let length = Int64(geometry.length(of: piece))
        let lower = min(max(0, bytes.lowerBound - start), length)
        return Int(lower)..<Int(min(max(lower, bytes.upperBound - start), length))
    }

    /// The numbers of the blocks that hold a part of a piece.
    static func numbers(_ part: Range<Int>) -> Range<Int> {
        guard !part.isEmpty else { return 0..<0 }
        let size = BlockRequest.standardLength
        return part.lowerBound / size..<(part.upperBound - 1) / size + 1
    }

    /// Whether the blocks are here that a read needs of a piece, in memory or on disk.
    func hasBlocks(_ bytes: Range<Int64>?, of piece: PieceIndex, _ geometry: PieceGeometry) -> Bool
    {
        guard let bytes, !blocks.isEmpty || !stored.isEmpty else { return false }
        let part = Self.part(of: piece, in: bytes, geometry)
        return !part.isEmpty && Self.numbers(part).allSatisfy { hasBlock($0, of: piece) }
    }

    /// Whether a block is here, in memory or on disk.
    func hasBlock(_ number: Int, of piece: PieceIndex) -> Bool {
        blocks.contains(number, of: piece) || stored.block(number, of: piece) != nil
    }

    /// Where the bytes of a part of a piece are, in order, noted as used; nil where some are not here.
    /// What is to be hashed before it is served is added to `doubtful`.
    mutating func blockParts(
        of piece: PieceIndex, in part: Range<Int>, at time: UseTime,
        doubtful: inout [PieceIndex: [Int]]
    ) -> [BlockPart]? {
        guard !part.isEmpty, !blocks.isEmpty || !stored.isEmpty else { return nil }
        let numbers = Self.numbers(part)
        var parts: [BlockPart] = []
        for number in numbers {
            let begin = number * BlockRequest.standardLength
            if let block = blocks.block(number, of: piece) {
                parts.append(BlockPart(range: begin..<begin + block.bytes.count, memory: block))
                continue
            }
            guard let block = stored.block(number, of: piece) else { return nil }
            if block.isDoubtful { doubtful[piece, default: []].append(number) }
            let end = begin + Int(block.length)
            // Neighbours on disk are read together.
            if let last = parts.last, last.memory == nil, last.range.upperBound == begin {
                parts[parts.count - 1] = BlockPart(
                    range: last.range.lowerBound..<end, memory: nil)
            } else {
                parts.append(BlockPart(range: begin..<end, memory: nil))
            }
        }
        stored.note(numbers, of: piece, at: time)
        return parts
    }

    /// A block has come: takes out the waits that waited for nothing else.
    mutating func takeWaits(
        endedByBlocksOf piece: PieceIndex, _ geometry: PieceGeometry
    ) -> [(read: ReadID, wait: Wait)] {
        var ended: [(read: ReadID, wait: Wait)] = []
        var left: [ReadID] = []
        for read in waiters.removeValue(forKey: piece) ?? [] {
            guard let wait = waits[read], hasBlocks(wait.bytes, of: piece, geometry) else {
                left.append(read)
                continue
            }
            if wait.missing > 1 {
                waits[read]?.missing = wait.missing - 1
            } else if let wait = waits.removeValue(forKey: read) {
                ended.append((read, wait))
            }
        }
        if !left.isEmpty { waiters[piece] = left }
        return ended
    }

    /// The part of a read that has to be fetched: what is here at its beginning and at its end is left
    /// out. Not empty where the read lacks anything.
    func missingBytes(of bytes: Range<Int64>, _ geometry: PieceGeometry) -> Range<Int64> {
        guard !blocks.isEmpty || !stored.isEmpty else { return bytes }
        let size = Int64(geometry.pieceLength)
        let block = Int64(BlockRequest.standardLength)
        let isHere = { (position: Int64) in
            let piece = PieceIndex(Int(position / size))
            return has(piece) || hasBlock(Int(position % size / block), of: piece)
        }
        var lower = max(0, bytes.lowerBound)
        var upper = min(bytes.upperBound, Int64(geometry.pieceCount) * size)
        while lower < upper, isHere(lower) { lower = min(upper, (lower / block + 1) * block) }
        while lower < upper, isHere(upper - 1) { upper = max(lower, (upper - 1) / block * block) }
        return lower < upper ? lower..<upper : bytes
    }
}
