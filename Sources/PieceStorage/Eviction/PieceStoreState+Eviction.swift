import TorrentCore

extension PieceStoreState {
    /// Whether a piece so near that it may share a block is on its way out.
    func isEvicting(around piece: PieceIndex, reach: Int) -> Bool {
        guard !evicting.isEmpty else { return false }
        return (piece.value - reach...piece.value + reach).contains {
            $0 >= 0 && evicting.contains(PieceIndex($0))
        }
    }

    /// Whether a piece is on disk, for good unless `unsynced`, and no thread is about to change it.
    /// Which of these have to stay is for `PieceStore.keptRanges`.
    func isSettled(_ piece: PieceIndex, unsynced: Bool = false) -> Bool {
        cached[piece] && writing[piece] == nil && inMemory[piece] == nil
            && (unsynced || !awaitsSync(piece))
    }

    /// Whether a piece may be taken off the disk; one that is to be hashed before it is served as well.
    func isEvictable(_ piece: PieceIndex, unsynced: Bool = false) -> Bool {
        isSettled(piece, unsynced: unsynced)
            || isDoubtful(piece) && writing[piece] == nil && inMemory[piece] == nil
    }

    /// Whether a piece has to be synced before the catalogue can be told that it is gone. One that the
    /// catalogue was never told of can go as it is: so a stream through a small cache costs no sync.
    func awaitsSync(_ piece: PieceIndex) -> Bool {
        syncingPieces.contains(piece) || dirtyPieces.contains(piece) && recorded[piece]
    }

    /// Whether what is on disk of a piece is of no use and nobody is about to change it.
    func isRemains(_ piece: PieceIndex) -> Bool { isFree(piece) && !evicting.contains(piece) }

    /// Whether a piece that is not on its way out has no bytes of use on disk.
    func isFree(_ piece: PieceIndex) -> Bool {
        !cached[piece] && !isDoubtful(piece) && !stored.holds(piece) && writing[piece] == nil
            && !isAdopting
    }
}
