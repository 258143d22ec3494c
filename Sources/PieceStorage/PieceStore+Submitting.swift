import Glibc
import Metainfo
import Reactor
package import TorrentCore

/// Pieces that arrive: verified, served, written.
extension PieceStore {
    /// Memory for a piece to be received, its wholly padding parts zeroed; nil where the bound on
    /// such memory is reached (see `setBufferAvailableHandler`), or the torrent is seeded from the
    /// user's data. Cheap enough for a loop.
    package func makeBuffer(for piece: PieceIndex) -> PieceBuffer? {
        guard geometry.contains(piece), cacheFolder != nil else { return nil }
        let length = geometry.length(of: piece)
        var buffer = PieceBuffer(piece: piece, length: length, account: account)
        if buffer == nil {
            notifyOfBuffers()
            // Memory given back before the line above has notified nobody.
            buffer = PieceBuffer(piece: piece, length: length, account: account)
        }
        while buffer == nil, dropOldestRetained() {
            buffer = PieceBuffer(piece: piece, length: length, account: account)
        }
        guard let buffer else { return nil }
        if layout.hasPadding {
            for slice in layout.slices(of: piece)
            where layout.attributes(of: slice.file).contains(.padding) {
                if let base = buffer.bytes.baseAddress {
                    memset(base + slice.pieceOffset, 0, slice.length)
                }
            }
        }
        return buffer
    }

    /// Bytes of pieces that there is room for, beside those whose buffers are out: received into,
    /// being verified or written, of any torrent. Two locks.
    package var availableBufferBytes: Int {
        let capacity = BufferPool.capacity(for: geometry.pieceLength)
        let bytes = account.available(capacity) + state.withLock { $0.retainedBytes }
        return bytes / capacity * geometry.pieceLength
    }

    /// Calls the handler of `setBufferAvailableHandler` once, when some memory comes back next.
    package func notifyOfBuffers() {
        guard let handler = state.withLock({ $0.bufferAvailable }) else { return }
        pools.buffers.notify(ObjectIdentifier(self), handler)
    }

    /// Takes a full buffer; nobody may write to it any more. On a hash thread: the piece is
    /// verified, waiting reads are completed from memory, `completion` is called (once, whatever
    /// happens), and the piece is queued to be written. Pieces that reads wait for go first.
    package func submit(
        _ buffer: PieceBuffer, wantsBlockDigests: Bool,
        completion: @escaping @Sendable (PieceOutcome) -> Void
    ) {
        // Counted before the look at `isClosed`: `close` waits for those it does not stop.
        pending.update { $0 += 1 }
        let (isClosed, isUrgent) = state.withLock { state in
            (state.isClosed, state.waiters[buffer.piece] != nil)
        }
        guard !isClosed, let folder = cacheFolder else {
            pending.update { $0 -= 1 }
            return completion(.closed(buffer.piece))
        }
        let isQueued = pools.hashing.submit(urgent: isUrgent) { [self] in
            let outcome = verify(buffer, wantsBlockDigests: wantsBlockDigests)
            guard case .verified = outcome else {
                completion(outcome)
                pending.update { $0 -= 1 }
                return
            }
            arrived(buffer)
            completion(outcome)
            let isQueued = pools.writing.submit { [self] in
                write(buffer, folder)
                pending.update { $0 -= 1 }
            }
            if !isQueued { pending.update { $0 -= 1 } }
        }
        if !isQueued {
            pending.update { $0 -= 1 }
            completion(.closed(buffer.piece))
        }
    }

    private func verify(_ buffer: PieceBuffer, wantsBlockDigests: Bool) -> PieceOutcome {
        let bytes = UnsafeRawBufferPointer(buffer.bytes)
        pools.counters.addHashed(bytes.count)
        return pools.verifiers.withVerifier { verifier in
            switch verifier.verify(bytes, against: metainfo.verification(of: buffer.piece)) {
            case .good:
                let digests = wantsBlockDigests ? verifier.blockDigests(of: bytes) : nil
                return .verified(buffer.piece, blockDigests: digests)
            case .bad:
                return .failed(buffer.piece, blockDigests: verifier.blockDigests(of: bytes))
            case .unknown:
                return .unverifiable(buffer.piece)
            }
        }
    }

    private func write(_ buffer: PieceBuffer, _ folder: CacheFolder) {
        let piece = buffer.piece
        var files: [(FileIndex, OpenFile)] = []
        var payload = 0
        for slice in layout.slices(of: piece)
        where slice.length > 0 && !layout.attributes(of: slice.file).contains(.padding) {
            let end = slice.pieceOffset + slice.length
            let part = UnsafeRawBufferPointer(rebasing: buffer.bytes[slice.pieceOffset..<end])
            do {
                let file = try openForWriting(slice.file, folder)
                if let code = file.write(part, at: slice.fileOffset) {
                    return retain(buffer, "\(SystemError(code, "write cache file \(slice.file)"))")
                }
                if files.count <= Self.dirtyFileLimit { files.append((slice.file, file)) }
                payload += slice.length
            } catch {
                return retain(buffer, error.cause)
            }
        }
        noteWritten(buffer, files, payload)
        pools.counters.addWritten(payload)
        folder.cache.commits.noteWritten(self, bytes: payload)
    }

    /// Keeps a piece in memory that the disk does not take, and drops those least lately used
    /// where there are too many.
    private func retain(_ buffer: PieceBuffer, _ reason: String) {
        warnOnce(
            .writeFailed,
            "cache: \(reason); what is fetched is served from memory until there is room")
        let limit = max(pools.configuration.retainedBytes, 2 * geometry.pieceLength)
        let isOverLimit = state.withLock { state in
            // Handed in twice, and written the other time.
            guard state.inMemory[buffer.piece] === buffer else { return false }
            state.useClock += 1
            if state.retained.updateValue(state.useClock, forKey: buffer.piece) == nil {
                state.retainedBytes += buffer.bytes.count
            }
            return state.retainedBytes > limit
        }
        guard isOverLimit else { return }
        while dropOldestRetained(over: limit) {}
    }

    /// Drops the retained piece least lately used where retained pieces take more than `limit`
    /// bytes; false where they do not. Memory for pieces that somebody wants now goes before them:
    /// on a full disk they could otherwise hold all there is.
    private func dropOldestRetained(over limit: Int = 0) -> Bool {
        let (dropped, handler) = state.withLock { state in
            guard state.retainedBytes > limit,
                let oldest = state.retained.min(by: { $0.value < $1.value })?.key
            else { return (nil as PieceBuffer?, state.pieceLost) }
            let buffer = state.inMemory[oldest]
            state.dropMemory(of: oldest)
            return (buffer, state.cached[oldest] ? nil : state.pieceLost)
        }
        // Its memory is given back outside the lock.
        guard let dropped else { return false }
        handler?(dropped.piece)
        return true
    }
}
