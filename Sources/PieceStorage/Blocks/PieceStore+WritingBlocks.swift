import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore

/// Single blocks on their way to the cache files, like pieces: written by the write threads, within
/// the limits, synced, and then in the catalogue.
extension PieceStore {
    /// Queues a verified block, of which its leaf covers `length` bytes; the caller counts in
    /// `pending`. Where the disk is so slow that as many wait as memory may hold, it stays in memory.
    func queueWrite(of block: ReceivedBlock, _ length: Int, _ leaf: SHA256Digest) {
        guard let folder = cacheFolder, length > 0 else { return }
        let size = block.bytes.count
        guard
            blockBacklog.add(size, ordering: .relaxed).newValue <= pools.configuration.blockBytes
        else {
            blockBacklog.subtract(size, ordering: .relaxed)
            return
        }
        pending.update { $0 += 1 }
        let isQueued = pools.writing.submit { [self] in
            write(block, length, leaf, folder)
            blockBacklog.subtract(size, ordering: .relaxed)
            pending.update { $0 -= 1 }
        }
        if !isQueued {
            blockBacklog.subtract(size, ordering: .relaxed)
            pending.update { $0 -= 1 }
        }
    }

    private func write(
        _ block: ReceivedBlock, _ length: Int, _ leaf: SHA256Digest, _ folder: CacheFolder
    ) {
        let (piece, number) = (block.request.piece, block.request.blockIndex)
        // Not over what an import or another torrent's copy is about to put there.
        let isDue = beginWriting(piece) {
            !$0.has(piece) && !$0.isUnsettled(piece) && !$0.isAdopting
                && $0.stored.block(number, of: piece) == nil
        }
        guard isDue else { return }
        defer { endWriting(piece) }
        let bytes = UnsafeRawBufferPointer(rebasing: block.bytes.prefix(length))
        let slices = slices(ofBlock: number, of: piece, length: length)
        let reason = writeMakingRoom(for: slices, folder) {
            punchBlocks([(piece, [number])])
        } write: { () throws(SystemError) in
            noteWritten(number, of: piece, length, leaf, try put(bytes, slices, folder))
        }
        if let reason { return warnUnwritten(reason) }
        pools.counters.addWritten(length)
        folder.cache.commits.noteWritten(self, bytes: length)
    }

    /// The parts of cache files that make up the first `length` bytes of a block.
    func slices(ofBlock number: Int, of piece: PieceIndex, length: Int) -> [FileSlice] {
        disk.slices(from: position(ofBlock: number, of: piece), count: Int64(length))
            .filter { disk.isStored($0.file) }
    }

    /// Where a block begins in the payload.
    func position(ofBlock number: Int, of piece: PieceIndex) -> Int64 {
        Int64(piece.value) * Int64(geometry.pieceLength)
            + Int64(number * BlockRequest.standardLength)
    }

    private func put(
        _ bytes: UnsafeRawBufferPointer, _ slices: [FileSlice], _ folder: CacheFolder
    ) throws(SystemError) -> [(FileIndex, OpenFile)] {
        var files: [(FileIndex, OpenFile)] = []
        for slice in slices {
            files.append((slice.file, try put(bytes, slice, .cached, folder).file))
        }
        return files
    }

    /// A block is in its cache file: served from there from now on.
    private func noteWritten(
        _ number: Int, of piece: PieceIndex, _ length: Int, _ leaf: SHA256Digest,
        _ files: [(FileIndex, OpenFile)]
    ) {
        let start = Int64(piece.value) * Int64(geometry.pieceLength)
        guard let file = layout.file(at: start) else { return }
        let time = UseTime.now()
        let block = SparsePiece.Block(
            number: UInt16(number), length: UInt16(length), lastUse: time, isDoubtful: false)
        let dropped = state.withLock { state -> ReceivedBlock? in
            // Another thread may have written all of the piece meanwhile.
            guard !state.has(piece) else { return nil }
            state.uses.note(piece..<piece.advanced(by: 1), at: time)
            state.stored.insert(block, of: piece, in: file, leaf: leaf)
            state.noteDirty(files)
            return state.blocks.remove(number, of: piece)
        }
        // Its memory is given back outside the lock.
        withExtendedLifetime(dropped) {}
    }

    /// What the catalogue may be told of; asked while it is locked.
    func syncedBlocks() -> [PieceIndex: [Int: SHA256Digest]] {
        state.withLock { $0.stored.syncing }
    }

    /// Takes up what the catalogue says of single blocks; all are doubtful where what is on disk is to
    /// be hashed after each start of the machine.
    static func storedBlocks(
        of torrent: Int64, _ info: InfoDictionary, _ catalogue: Catalogue, uses: UseTimes,
        areDoubtful: Bool, isWhole: (PieceIndex) -> Bool
    ) throws(StorageError) -> StoredBlocks {
        var stored = StoredBlocks()
        guard info.version != .v1 else { return stored }
        let geometry = info.geometry
        for (row, numbers) in try catalogue.blocks(of: torrent) {
            // What a torrent cannot have is left out.
            guard row >= 0, row < Int64(geometry.pieceCount) else { continue }
            let piece = PieceIndex(Int(row))
            let start = row * Int64(geometry.pieceLength)
            guard !isWhole(piece), let file = info.layout.file(at: start) else { continue }
            let end = info.layout.offset(of: file) + info.layout.length(of: file) - start
            let content = min(geometry.length(of: piece), Int(min(end, .max)))
            for number in numbers {
                let begin = number * BlockRequest.standardLength
                guard begin < content else { break }
                let length = min(BlockRequest.standardLength, content - begin)
                stored.insert(
                    SparsePiece.Block(
                        number: UInt16(number), length: UInt16(length), lastUse: uses[piece],
                        isDoubtful: areDoubtful), of: piece, in: file, leaf: nil)
            }
        }
        return stored
    }
}
