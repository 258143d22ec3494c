import Glibc
import Metainfo
import Reactor
package import TorrentCore
import TorrentCrypto

/// Pieces that arrive: verified, served, written.
extension PieceStore {
    /// Memory for a piece to be received, its wholly padding parts zeroed; nil where the bound on
    /// such memory is reached (see `setBufferAvailableHandler`), or the torrent is seeded from the
    /// user's data. Cheap enough for a loop.
    package func makeBuffer(for piece: PieceIndex) -> PieceBuffer? {
        guard geometry.contains(piece), cacheFolder != nil else { return nil }
        let length = geometry.length(of: piece)
        var buffer = PieceBuffer(piece: piece, length: length, account: account)
        while buffer == nil, pools.recent.dropOldest() {
            buffer = PieceBuffer(piece: piece, length: length, account: account)
        }
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
        let bytes =
            account.available(capacity) + pools.recent.bytes
            + state.withLock { $0.retainedBytes }
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
        let piece = SubmittedPiece(
            store: self, folder: folder, buffer: buffer, wantsBlockDigests: wantsBlockDigests,
            pairable: wantsBlockDigests ? nil : pairableHash(of: buffer), completion: completion)
        pools.hashQueue.append(piece, isUrgent: isUrgent)
        if !pools.hashing.submit(urgent: isUrgent, { [pools] in pools.hashQueue.work() }) {
            // The pool has been stopped, so whatever waits now waits in vain.
            for piece in pools.hashQueue.takeAll() { piece.store.end(piece, .closed(piece.piece)) }
        }
    }

    /// The piece's v1 hash, where that alone tells whether it is right, and it can be hashed together
    /// with another piece.
    private func pairableHash(of buffer: PieceBuffer) -> SHA1Digest? {
        guard SHA1Pair.takes(buffer.bytes.count),
            case .sha1(let digest) = verification(of: buffer.piece)
        else { return nil }
        return digest
    }

    /// What a hash thread does with a piece, whose digest it may have already.
    func finish(_ piece: SubmittedPiece, digest: SHA1Digest?) {
        let outcome: PieceOutcome
        if let digest, digest == piece.pairable {
            pools.counters.addHashed(piece.buffer.bytes.count)
            outcome = .verified(piece.piece, blockDigests: nil)
        } else {
            outcome = verify(piece.buffer, wantsBlockDigests: piece.wantsBlockDigests)
        }
        guard case .verified = outcome else { return end(piece, outcome) }
        arrived(piece.buffer)
        piece.completion(outcome)
        queueWrite(of: piece.buffer, piece.folder)
    }

    /// A piece was not taken.
    private func end(_ piece: SubmittedPiece, _ outcome: PieceOutcome) {
        piece.completion(outcome)
        pending.update { $0 -= 1 }
    }

    private func verify(_ buffer: PieceBuffer, wantsBlockDigests: Bool) -> PieceOutcome {
        let bytes = UnsafeRawBufferPointer(buffer.bytes)
        pools.counters.addHashed(bytes.count)
        return pools.verifiers.withVerifier { verifier in
            switch verifier.verify(bytes, against: verification(of: buffer.piece)) {
            case .good:
                let digests = wantsBlockDigests ? verifier.blockDigests(of: bytes) : nil
                return .verified(buffer.piece, blockDigests: digests)
            case .bad:
                return .failed(buffer.piece, blockDigests: verifier.blockDigests(of: bytes))
            case .inconsistent:
                return .inconsistent(buffer.piece)
            case .unknown:
                return .unverifiable(buffer.piece)
            }
        }
    }

    /// Drops the retained piece least lately used where retained pieces take more than `limit`
    /// bytes; false where they do not. Memory for pieces that somebody wants now goes before them:
    /// on a full disk they could otherwise hold all there is.
    func dropOldestRetained(over limit: Int = 0) -> Bool {
        let (dropped, handler) = state.withLock { state in
            guard state.retainedBytes > limit,
                let oldest = state.retained.min(by: { $0.value < $1.value })?.key
            else { return (nil as PieceBuffer?, state.piecesLost) }
            let buffer = state.inMemory[oldest]
            state.dropMemory(of: oldest)
            return (buffer, state.cached[oldest] ? nil : state.piecesLost)
        }
        // Its memory is given back outside the lock.
        guard let dropped else { return false }
        handler?([dropped.piece])
        return true
    }
}
