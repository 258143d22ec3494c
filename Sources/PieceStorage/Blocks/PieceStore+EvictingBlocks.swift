import Metainfo
import Reactor
import TorrentCore

/// Taking single blocks off the disk.
extension PieceStore {
    /// Makes holes where blocks were, of pieces that no writer touches meanwhile; gives the bytes that
    /// came free.
    @discardableResult
    func punchBlocks(_ blocks: [(piece: PieceIndex, numbers: [Int])]) -> Int64 {
        guard let plan = punchPlan else { return 0 }
        var freed: Int64 = 0
        for (piece, numbers) in blocks {
            for run in Self.runs(numbers) {
                let start = position(ofBlock: run.lowerBound, of: piece)
                let end = min(
                    position(ofBlock: run.upperBound, of: piece),
                    position(ofBlock: 0, of: piece) + Int64(contentLength(of: piece)))
                guard start < end else { continue }
                let holes = disk.slices(from: start, count: end - start)
                    .filter { disk.isStored($0.file) }
                    .map { slice in
                        plan.hole(
                            in: slice.file,
                            slice.fileOffset..<slice.fileOffset + Int64(slice.length),
                            isUnused: { isUnused(slice.file, $0, piece) })
                    }
                freed += punch(holes.filter { !$0.range.isEmpty })
            }
        }
        return freed
    }

    /// Whether nothing of use is in a part of a cache file, where no writer touches `own`.
    private func isUnused(_ file: FileIndex, _ bytes: Range<Int64>, _ own: PieceIndex) -> Bool {
        let origin = disk.offset(of: file)
        let part = origin + bytes.lowerBound..<origin + bytes.upperBound
        return state.withLock { state in
            disk.pieces(of: file, offset: bytes.lowerBound, count: bytes.count).allSatisfy {
                piece in
                guard piece == own else { return state.isFree(piece) }
                return PieceStoreState.numbers(PieceStoreState.part(of: piece, in: part, geometry))
                    .allSatisfy { state.stored.block($0, of: piece) == nil }
            }
        }
    }

    /// The blocks of a piece that are not on disk by themselves.
    func missingBlocks(of piece: PieceIndex) -> [Int] {
        state.withLock { state in
            (0..<geometry.blockCount(of: piece)).filter {
                state.stored.block($0, of: piece) == nil
            }
        }
    }

    private static func runs(_ numbers: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound == number {
                runs[runs.count - 1] = last.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }
        return runs
    }
}

extension PieceStoreState {
    /// What may be evicted of pieces of which single blocks are on disk; with `unsynced`, also what may
    /// be after a sync.
    func blockCandidates(
        in range: Range<PieceIndex>, _ kept: Bitfield, unsynced: Bool
    ) -> [EvictionPolicy.Candidate] {
        guard !stored.isEmpty else { return [] }
        var candidates: [EvictionPolicy.Candidate] = []
        for piece in range where !kept[piece] {
            guard let sparse = stored.pieces[piece] else { continue }
            var bytes: [UseTime: Int64] = [:]
            let left = unsynced ? [] : stored.unsynced(of: piece)
            for block in sparse.blocks where !left.contains(Int(block.number)) {
                bytes[block.lastUse, default: 0] += Int64(BlockRequest.standardLength)
            }
            for (time, bytes) in bytes {
                candidates.append(
                    EvictionPolicy.Candidate(piece: piece, lastUse: time, bytes: bytes))
            }
        }
        return candidates
    }

    /// Takes out the blocks of a piece that were not used since it was found to be a candidate.
    mutating func takeOutBlocks(
        of candidate: EvictionPolicy.Candidate, _ taken: inout [PieceIndex: SparsePiece]
    ) {
        let piece = candidate.piece
        // What is on its way out already belongs to whoever takes it.
        guard stored.pieces[piece] != nil, writing[piece] == nil, !isAdopting,
            taken[piece] != nil || !evicting.contains(piece)
        else { return }
        let unsynced = stored.unsynced(of: piece)
        let removed = stored.remove(of: piece) {
            $0.lastUse <= candidate.lastUse && !unsynced.contains(Int($0.number))
        }
        guard let removed else { return }
        evicting.insert(piece)
        for block in removed.blocks {
            _ = taken[piece, default: SparsePiece(file: removed.file)].insert(block)
        }
    }
}
