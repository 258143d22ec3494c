import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore

/// From memory to the cache files; the write threads' side.
extension PieceStore {
    /// Queues a verified piece that is counted in `pending`.
    func queueWrite(of buffer: PieceBuffer, _ folder: CacheFolder) {
        pools.writeBacklog.add(buffer.bytes.count, ordering: .relaxed)
        let isQueued = pools.writing.submit { [self] in
            write(buffer, folder)
            pools.writeBacklog.subtract(buffer.bytes.count, ordering: .relaxed)
            pending.update { $0 -= 1 }
        }
        if !isQueued {
            pools.writeBacklog.subtract(buffer.bytes.count, ordering: .relaxed)
            pending.update { $0 -= 1 }
        }
    }

    private func write(_ buffer: PieceBuffer, _ folder: CacheFolder) {
        let isDue = beginWriting(buffer.piece) { $0.inMemory[buffer.piece] === buffer }
        guard isDue else { return }
        defer { endWriting(buffer.piece) }
        let slices = disk.slices(of: buffer.piece)
        let wasRetained = state.withLock { $0.retained[buffer.piece] != nil }
        let reason = writeMakingRoom(for: slices, folder) {
            giveBack(buffer.piece)
        } write: { () throws(SystemError) in
            try put(buffer, slices, folder)
        }
        if let reason { return retain(buffer, reason) }
        // Where one could be written now, the next one may be as well.
        if wasRetained { writeRetained(all: false) }
    }

    /// Runs `write`, which writes these slices, within the cache's limits; once more where the disk
    /// turns out to be full, after evictions. `giveBack` undoes what the first try has written: telling
    /// the catalogue what is evicted takes room too. Gives why it was not written, for the log.
    func writeMakingRoom(
        for slices: [FileSlice], _ folder: CacheFolder, giveBack: () -> Void,
        write: () throws(SystemError) -> Void
    ) -> String? {
        let limiter = folder.cache.limiter
        let space = spaceNeeded(slices, folder)
        guard let usage, limiter.admit(self, bytes: space) else {
            return "\(folder.cache.path) is full and nothing in it can be evicted"
        }
        defer { usage.finish(space) }
        do throws(SystemError) {
            do throws(SystemError) {
                try write()
            } catch {
                guard error.code == ENOSPC || error.code == EDQUOT else { throw error }
                giveBack()
                guard limiter.makeRoom(self, bytes: space) else { throw error }
                try write()
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Gives back what was written of a piece that does not count as cached. Only blocks that no other
    /// piece shares.
    func giveBack(_ piece: PieceIndex) {
        guard let plan = punchPlan, state.withLock({ !$0.cached[piece] && !$0.isDoubtful(piece) })
        else { return }
        guard state.withLock({ !$0.stored.holds(piece) }) else {
            punchBlocks([(piece, missingBlocks(of: piece))])
            return
        }
        punch(plan.holes(of: piece..<piece.advanced(by: 1), isFree: { _ in false }))
    }

    /// Writes the parts of a piece to their files.
    private func put(
        _ buffer: PieceBuffer, _ slices: [FileSlice], _ folder: CacheFolder
    ) throws(SystemError) {
        let start = Timestamp.now()
        let mode = writeMode(buffer, now: start)
        var used = WriteMode.cached
        var files: [(FileIndex, OpenFile)] = []
        var payload = 0
        for slice in slices {
            let (file, way) = try put(UnsafeRawBufferPointer(buffer.bytes), slice, mode, folder)
            if way == .direct { used = .direct }
            if files.count <= Self.dirtyFileLimit { files.append((slice.file, file)) }
            payload += slice.length
        }
        noteWritten(
            buffer.piece, files, payloadLength(of: buffer.piece),
            recent: used == .direct ? buffer : nil)
        if used == .direct { pools.recent.add(buffer, of: self) }
        let duration = .now() - start
        pools.writePolicy.withLock { $0.wrote(payload, used, in: duration) }
        pools.counters.addWritten(payload)
        folder.cache.commits.noteWritten(self, bytes: payload)
    }

    /// Writes a slice of `bytes` to its file and counts what that takes; gives the file, and how it was
    /// written: where a direct write is not possible, through the page cache.
    func put(
        _ bytes: UnsafeRawBufferPointer, _ slice: FileSlice, _ mode: WriteMode,
        _ folder: CacheFolder
    ) throws(SystemError) -> (file: OpenFile, mode: WriteMode) {
        let end = slice.pieceOffset + slice.length
        let part = UnsafeRawBufferPointer(rebasing: bytes[slice.pieceOffset..<end])
        let file: OpenFile
        do {
            file = try openForWriting(slice.file, folder)
        } catch {
            throw error.systemError
        }
        usage?.touch(slice.file, file.descriptor)
        let direct =
            mode == .direct
            ? file.writeDirectly(part, at: slice.fileOffset, pool: pools.buffers) : nil
        let code: Int32?
        switch direct {
        case .done: code = nil
        case .failed(let error): code = error
        case nil: code = file.write(part, at: slice.fileOffset)
        }
        usage?.update(slice.file, file.descriptor)
        if let code { throw SystemError(code, "write cache file \(slice.file)") }
        return (file, direct == nil ? .cached : .direct)
    }

    private func writeMode(_ buffer: PieceBuffer, now: Timestamp) -> WriteMode {
        let backlog = pools.writeBacklog.load(ordering: .relaxed)
        return pools.writePolicy.withLock {
            $0.mode(bytes: buffer.bytes.count, backlog: backlog, now: now)
        }
    }

    /// At most what writing adds to the files: whole blocks, one more for each part since it may
    /// begin in the middle of one.
    func spaceNeeded(_ slices: [FileSlice], _ folder: CacheFolder) -> Int64 {
        let block = folder.cache.blockLength
        return slices.reduce(0) { $0 + Int64(($1.length + block - 1) / block * block + block) }
    }

    /// Keeps a piece in memory that the disk does not take, and drops those least lately used
    /// where there are too many.
    private func retain(_ buffer: PieceBuffer, _ reason: String) {
        warnUnwritten(reason)
        let limit = max(pools.configuration.retainedBytes, 2 * geometry.pieceLength)
        let isOverLimit = state.withLock { state in
            // Handed in twice, and written the other time.
            guard state.inMemory[buffer.piece] === buffer else { return false }
            if state.retained[buffer.piece] == nil {
                state.useClock += 1
                state.retained[buffer.piece] = state.useClock
                state.retainedBytes += buffer.bytes.count
            }
            return state.retainedBytes > limit
        }
        guard isOverLimit else { return }
        while dropOldestRetained(over: limit) {}
    }

    func warnUnwritten(_ reason: String) {
        warnOnce(
            .writeFailed,
            "cache: \(reason); what is fetched is served from memory until there is room")
    }

    /// Whether pieces are kept in memory because the disk did not take them.
    var isRetaining: Bool { retainedBytes > 0 }

    /// Bytes of those.
    var retainedBytes: Int { state.withLock { $0.retainedBytes } }

    /// Tries again to write what the disk did not take: the piece least lately used, which goes
    /// next; all where `all`. Gives the bytes queued.
    @discardableResult
    func writeRetained(all: Bool) -> Int {
        guard let folder = cacheFolder else { return 0 }
        let buffers = state.withLock { state -> [PieceBuffer] in
            guard !state.isClosed else { return [] }
            let oldest = state.retained.sorted { $0.value < $1.value }
            return oldest.prefix(all ? oldest.count : 1).compactMap { state.inMemory[$0.key] }
        }
        for buffer in buffers {
            pending.update { $0 += 1 }
            queueWrite(of: buffer, folder)
        }
        return buffers.reduce(0) { $0 + $1.bytes.count }
    }

    // MARK: Beside eviction

    /// Waits while a piece that may share a block with this one is being taken off the disk: the
    /// hole could go through what is written. False where the piece is not due any more: it was
    /// written before, given up, or handed in again.
    func beginWriting(_ piece: PieceIndex, isDue: (PieceStoreState) -> Bool) -> Bool {
        let reach = punchPlan?.reach ?? 0
        while true {
            let ended = evictions.wait { $0 }
            let mayWrite = state.withLock { state -> Bool? in
                guard isDue(state) else { return false }
                guard !state.isEvicting(around: piece, reach: reach) else { return nil }
                state.writing[piece, default: 0] += 1
                return true
            }
            if let mayWrite { return mayWrite }
            _ = evictions.wait { $0 == ended ? nil : true }
        }
    }

    /// Keeps holes away from what is not cached, and waits for those that are being made.
    func beginAdopting() {
        state.withLock { $0.isAdopting = true }
        _ = evictions.wait { _ in state.withLock { $0.evicting.isEmpty } ? true : nil }
    }

    /// What is not cached may go again.
    func endAdopting() { state.withLock { $0.isAdopting = false } }

    func endWriting(_ piece: PieceIndex) {
        state.withLock { state in
            let count = state.writing[piece] ?? 0
            state.writing[piece] = count > 1 ? count - 1 : nil
        }
    }
}
