import Metainfo
import Reactor
import TorrentCore

/// Blocks on disk that turn out to be damaged, or might be.
extension PieceStore {
    /// Whether one of the torrent's files has blocks on disk by themselves.
    func hasStoredBlocks(of file: FileIndex) -> Bool {
        state.withLock { $0.stored.bytes(of: file) > 0 }
    }

    /// Hashes blocks before they are served for the first time: right away, since one takes some tens
    /// of microseconds. Those that are not right are missing then.
    func settleBlocks(_ doubtful: [PieceIndex: [Int]]) {
        let files = RecheckedFiles(store: self)
        for (piece, numbers) in doubtful {
            let damaged = damagedBlocks(of: piece, files, among: Set(numbers))
            if !damaged.isEmpty { drop(damaged: damaged, of: piece, "do not match their hashes") }
        }
    }

    /// Hashes blocks of a piece as they are on disk, and gives the numbers of those that are not right;
    /// those that are right are not doubtful any more. All where `chosen` is nil.
    func damagedBlocks(
        of piece: PieceIndex, _ files: RecheckedFiles, among chosen: Set<Int>? = nil
    ) -> [Int] {
        let leaves = leaves(of: piece)
        let blocks = state.withLock { $0.stored.pieces[piece]?.blocks ?? [] }
        var damaged: [Int] = []
        for block in blocks {
            let number = Int(block.number)
            guard chosen?.contains(number) ?? true else { continue }
            // Once more where it is not right: it may have gone, and come back, meanwhile.
            var isRight = false
            for _ in 0..<2 where !isRight {
                guard state.withLock({ $0.stored.block(number, of: piece) != nil }) else { break }
                let leaf = leaves[number] ?? state.withLock { $0.stored.leaf(number, of: piece) }
                isRight = files.isRight(number, of: piece, length: Int(block.length), leaf: leaf)
            }
            let isThere = state.withLock { state in
                if isRight { state.stored.accept(number, of: piece) }
                return state.stored.block(number, of: piece) != nil
            }
            if !isRight, isThere { damaged.append(number) }
        }
        return damaged
    }

    /// What the blocks of a piece that are on disk hash to, as far as it is known.
    private func leaves(of piece: PieceIndex) -> [Int: SHA256Digest] {
        guard let folder = cacheFolder else { return [:] }
        // First what is not in the catalogue: it may be there a moment later.
        var known = state.withLock { state in
            (state.stored.syncing[piece] ?? [:]).merging(state.stored.dirty[piece] ?? [:]) { $1 }
        }
        do {
            let row = try folder.cache.catalogue.leaves(of: piece, folder.torrent)
            known.merge(row.leaves) { mine, _ in mine }
        } catch {
            Log.warning("cache catalogue: \(error.cause)")
        }
        return known
    }

    /// Makes damaged blocks missing, for good.
    func drop(damaged numbers: [Int], of piece: PieceIndex, _ problem: String) {
        Log.warning(
            "torrent \(metainfo.info.identity): \(numbers.count) cached blocks of piece \(piece) "
                + "\(problem); dropped")
        forget(blocks: [piece: numbers])
        guard let folder = cacheFolder, !state.withLock({ $0.isClosed }) else { return }
        do {
            try folder.cache.catalogue.remove([], blocks: [piece: numbers], of: folder.torrent)
        } catch {
            // In memory they are missing already; `saveLosses` tries again, with all of the piece.
            let pieces = piece..<piece.advanced(by: 1)
            state.withLock { if !$0.untold.contains(pieces) { $0.untold.append(pieces) } }
            Log.warning("cache catalogue: \(error.cause)")
        }
    }

    /// Makes blocks missing; reads that wait for others of their pieces look again.
    func forget(blocks: [PieceIndex: [Int]]) {
        for (piece, numbers) in blocks {
            let chosen = Set(numbers)
            let (ended, source) = state.withLock { state in
                _ = state.stored.remove(of: piece) { chosen.contains(Int($0.number)) }
                state.stored.removeCovered(chosen, of: piece)
                return (state.takeWaiters(of: piece), state.source)
            }
            end(ended, source)
        }
    }
}

extension PieceStoreState {
    /// Takes out all waits for a piece.
    mutating func takeWaiters(of piece: PieceIndex) -> [(read: ReadID, wait: Wait)] {
        var ended: [(read: ReadID, wait: Wait)] = []
        for read in waiters.removeValue(forKey: piece) ?? [] {
            guard let wait = waits.removeValue(forKey: read) else { continue }
            unlink(read, wait.pieces)
            ended.append((read, wait))
        }
        return ended
    }
}
