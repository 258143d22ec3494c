import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore

/// Taking pieces off the disk.
///
/// Memory, then the catalogue (on disk before it returns), then the holes: at any crash between, what
/// counts as cached is whole. Writers wait meanwhile where a hole could hit them, readers that were
/// under way start over.
extension PieceStore {
    /// How many pieces are looked at, or taken, while the lock is held: some microseconds.
    private static let step = 256
    /// A child takes some milliseconds from its start to its program, on a busy machine a few more.
    private static let leasePatience = Interval.milliseconds(250)
    private static let leasePause: UInt32 = 5_000
    /// Writers wait behind each look.
    private static let leaseRest = Interval.seconds(5)

    /// Pieces that may be evicted now; with `unsynced`, also those that may be after a sync. Of a piece
    /// that is there in single blocks one for each time that some of them were used last.
    func candidates(unsynced: Bool = false) -> [EvictionPolicy.Candidate] {
        var kept = Bitfield(count: geometry.pieceCount)
        for range in state.withLock({ keptRanges($0) }) {
            for piece in range { kept[piece] = true }
        }
        var candidates: [EvictionPolicy.Candidate] = []
        var next = 0
        while next < geometry.pieceCount {
            let end = min(next + Self.step, geometry.pieceCount)
            let part = state.withLock { state -> [(PieceIndex, UseTime)] in
                var part: [(PieceIndex, UseTime)] = []
                guard !state.isLeaving else { return part }
                candidates += state.blockCandidates(
                    in: PieceIndex(next)..<PieceIndex(end), kept, unsynced: unsynced)
                for piece in PieceIndex(next)..<PieceIndex(end)
                where state.isEvictable(piece, unsynced: unsynced) && !kept[piece] {
                    part.append((piece, state.uses[piece]))
                }
                return part
            }
            for (piece, time) in part {
                candidates.append(
                    EvictionPolicy.Candidate(
                        piece: piece, lastUse: time, bytes: blockBytes(of: piece)))
            }
            next = end
        }
        return candidates
    }

    /// What has to stay on disk whatever the limit says; the state's lock is held. Files that are
    /// read directly, what waiting reads will want as soon as the rest is there, and what is pinned.
    private func keptRanges(_ state: borrowing PieceStoreState) -> [Range<PieceIndex>] {
        state.retainedFiles.keys.map { layout.pieces(of: $0) } + state.waits.values.map(\.pieces)
            + (state.pinned?.runs ?? [])
    }

    /// Takes pieces off the disk that were not used since they were found to be candidates; gives
    /// the bytes that came free. Throws where the catalogue cannot be told: they stay then.
    func evict(_ chosen: [EvictionPolicy.Candidate]) throws(StorageError) -> Int64 {
        guard let folder = cacheFolder else { return 0 }
        var exclusive: [FileIndex: Bool] = [:]
        let patience = Timestamp.now() + Self.leasePatience
        let eligible = chosen.filter { isExclusive($0.piece, &exclusive, until: patience) }
            .sorted { $0.piece < $1.piece }
        var blocks: [PieceIndex: SparsePiece] = [:]
        let taken = takeOut(eligible, &blocks)
        guard !taken.isEmpty || !blocks.isEmpty else { return 0 }
        let numbers = blocks.mapValues(\.numbers)
        do {
            let recorded = state.withLock { state in taken.filter { state.recorded[$0] } }
            try folder.cache.catalogue.remove(recorded, blocks: numbers, of: folder.torrent)
            state.withLock { state in for piece in recorded { state.recorded[piece] = false } }
        } catch {
            putBack(taken, blocks)
            throw error
        }
        let freed = punch(taken) + punchBlocks(numbers.map { ($0.key, $0.value) })
        let handler = endEviction(of: taken + numbers.keys)
        if !taken.isEmpty { handler?(taken) }
        return freed
    }

    /// Whether nobody has the piece's files open but us.
    private func isExclusive(
        _ piece: PieceIndex, _ known: inout [FileIndex: Bool], until patience: Timestamp
    ) -> Bool {
        for slice in disk.slices(of: piece) {
            let isExclusive =
                known[slice.file]
                ?? openForReading(slice.file).file.map {
                    isHeldAlone($0, slice.file, until: patience)
                }
                ?? false
            known[slice.file] = isExclusive
            if !isExclusive { return false }
        }
        return true
    }

    /// Looks more than once: a child that a thread of this process is starting holds what was open at
    /// that moment until it runs its program (close-on-exec). Who reads the file holds it for longer;
    /// then it is not looked at again for a while. `patience` is for all files together: a child has
    /// each, and writers wait.
    private func isHeldAlone(
        _ file: OpenFile, _ index: FileIndex, until patience: Timestamp
    ) -> Bool {
        let start = Timestamp.now()
        if usedElsewhere.withLock({ start < $0[index] ?? .zero }) { return false }
        while true {
            if file.isExclusive { return true }
            guard Timestamp.now() < patience else { break }
            usleep(Self.leasePause)
        }
        usedElsewhere.withLock { files in
            files = files.filter { start < $0.value }
            files[index] = .now() + Self.leaseRest
        }
        return false
    }

    private func takeOut(
        _ chosen: [EvictionPolicy.Candidate], _ blocks: inout [PieceIndex: SparsePiece]
    ) -> [PieceIndex] {
        var taken: [PieceIndex] = []
        var next = 0
        while next < chosen.count {
            let part = chosen[next..<min(next + Self.step, chosen.count)]
            next = part.endIndex
            let first = taken.count
            var doubtful: Set<PieceIndex> = []
            state.withLock { state in
                guard !state.isLeaving else { return }
                let kept = Self.positions(of: keptRanges(state), in: part)
                for (position, candidate) in zip(part.indices, part)
                where state.isEvictable(candidate.piece)
                    && state.uses[candidate.piece] <= candidate.lastUse
                    && !kept.contains(position)
                {
                    if state.isDoubtful(candidate.piece) {
                        state.doubtful?[candidate.piece] = false
                        doubtful.insert(candidate.piece)
                    } else {
                        state.cached[candidate.piece] = false
                        state.dirtyPieces.remove(candidate.piece)
                        state.restorable.insert(candidate.piece)
                    }
                    state.evicting.insert(candidate.piece)
                    taken.append(candidate.piece)
                }
                for (position, candidate) in zip(part.indices, part)
                where !kept.contains(position) {
                    state.takeOutBlocks(of: candidate, &blocks)
                }
                generation.add(1, ordering: .releasing)
            }
            let bytes = taken[first...].reduce(Int64(0)) { sum, piece in
                doubtful.contains(piece) ? sum : sum + Int64(payloadLength(of: piece))
            }
            state.withLock { $0.cachedBytes -= bytes }
        }
        return taken
    }

    /// Where in a list sorted by piece those of some ranges stand; a binary search a range.
    private static func positions(
        of ranges: [Range<PieceIndex>], in list: ArraySlice<EvictionPolicy.Candidate>
    ) -> Set<Int> {
        var positions: Set<Int> = []
        for range in ranges {
            var (low, high) = (list.startIndex, list.endIndex)
            while low < high {
                let middle = (low + high) / 2
                if list[middle].piece < range.lowerBound { low = middle + 1 } else { high = middle }
            }
            while low < list.endIndex, list[low].piece < range.upperBound {
                positions.insert(low)
                low += 1
            }
        }
        return positions
    }

    /// The catalogue could not be told: what is on disk stays.
    private func putBack(_ pieces: [PieceIndex], _ blocks: [PieceIndex: SparsePiece]) {
        for piece in pieces {
            let length = payloadLength(of: piece)
            becameAvailable(piece) { state in
                guard state.restorable.remove(piece) != nil else {
                    if !state.cached[piece] { state.doubtful?[piece] = true }
                    return
                }
                state.cached[piece] = true
                state.cachedBytes += Int64(length)
                if !state.recorded[piece] { state.dirtyPieces.insert(piece) }
            }
        }
        state.withLock { state in
            for (piece, sparse) in blocks {
                for var block in sparse.blocks {
                    // Its file may have been lost meanwhile.
                    block.isDoubtful = true
                    state.stored.insert(block, of: piece, in: sparse.file, leaf: nil)
                }
            }
        }
        _ = endEviction(of: pieces + blocks.keys)
    }

    /// Lets writers go on; gives whom to tell.
    func endEviction(of pieces: [PieceIndex]) -> (@Sendable ([PieceIndex]) -> Void)? {
        defer { evictions.update { $0 += 1 } }
        return state.withLock { state in
            state.evicting.subtract(pieces)
            state.restorable.subtract(pieces)
            return state.piecesLost
        }
    }

    /// What a piece takes on disk, in whole blocks.
    private func blockBytes(of piece: PieceIndex) -> Int64 {
        let block = cacheFolder?.cache.blockLength ?? 1
        let length = geometry.length(of: piece)
        guard disk.count > 1 else { return Int64(length) }
        return disk.slices(of: piece).reduce(0) { sum, slice in
            sum + Int64((slice.length + block - 1) / block * block)
        }
    }

    /// Whether any of these cannot be evicted before it is synced.
    func isUnsynced(_ chosen: [EvictionPolicy.Candidate]) -> Bool {
        state.withLock { state in
            chosen.contains { state.awaitsSync($0.piece) || state.stored.isUnsynced($0.piece) }
        }
    }

    /// Lets another process have the torrent: nothing is read or evicted any more.
    func leave() {
        guard let folder = cacheFolder, let usage else { return }
        let hasLeft = state.withLock { state in
            defer { state.isLeaving = true }
            return state.isLeaving
        }
        guard !hasLeft else { return }
        folder.cache.limiter.remove(self)
        _ = evictions.wait { _ in state.withLock { $0.evicting.isEmpty } ? true : nil }
        let times = state.withLock { state in
            generation.add(1, ordering: .releasing)
            state.cached = Bitfield(count: geometry.pieceCount)
            state.elsewhere = nil
            state.cachedBytes = 0
            state.stored = StoredBlocks()
            return state.uses.takeBytes()
        }
        do {
            if usage.isCounted {
                try folder.cache.catalogue.endUse(
                    of: folder.torrent, bytes: usage.bytes, times: times)
            } else if let times {
                try folder.cache.catalogue.keep(times: times, of: folder.torrent)
            }
        } catch {
            // Then it is as after a crash: counted anew.
            Log.debug("\(error)")
        }
        // One that is under way may still add what was synced; no other will.
        folder.cache.catalogue.awaitTransaction()
        folder.unlock()
    }

    /// Whether the torrent is about to be another process's, or is.
    var isLeaving: Bool { state.withLock { $0.isLeaving } }
}
