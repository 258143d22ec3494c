import Metainfo
import Reactor
import Synchronization
package import TorrentCore

/// Waiting for missing pieces.
extension PieceStore {
    /// Looks and registers under one lock, so that no piece can arrive between the two; then tells
    /// the source, on this thread.
    package func wait(
        for pieces: Range<PieceIndex>, completion: @escaping @Sendable () -> Void
    ) -> ReadID? {
        wait(for: pieces, bytes: nil, completion: completion)
    }

    /// The same for a read that needs no more of the pieces than a part of a file.
    package func wait(
        for pieces: Range<PieceIndex>, of file: FileIndex, bytes: Range<Int64>,
        completion: @escaping @Sendable () -> Void
    ) -> ReadID? {
        let start = layout.offset(of: file)
        return wait(
            for: pieces, bytes: start + bytes.lowerBound..<start + bytes.upperBound,
            completion: completion)
    }

    private func wait(
        for pieces: Range<PieceIndex>, bytes: Range<Int64>?,
        completion: @escaping @Sendable () -> Void
    ) -> ReadID? {
        let pieces = pieces.clamped(to: geometry.pieces)
        var source: (any BlockSource)?
        var hasUnsettled = false
        // What the source is told of.
        var (wanted, wantedBytes) = (pieces, bytes)
        let read = state.withLock { state -> ReadID? in
            let missing = pieces.filter {
                !state.has($0) && !state.hasBlocks(bytes, of: $0, geometry)
            }
            // Who looks again is told so. Looked at under the lock that `giveUp` takes afterwards: it
            // ends every wait that was not refused here.
            guard !missing.isEmpty, !isGivenUp.load(ordering: .relaxed),
                !missing.contains(where: { state.isUnreachable($0) })
            else { return nil }
            let read = ReadID(state.nextRead)
            state.nextRead += 1
            for piece in missing { state.waiters[piece, default: []].append(read) }
            source = state.source
            hasUnsettled = state.hasUnsettled
            if let bytes {
                let rest = state.missingBytes(of: bytes, geometry)
                let size = Int64(geometry.pieceLength)
                let first = Int(rest.lowerBound / size)
                let end = Int((rest.upperBound + size - 1) / size)
                wantedBytes = rest
                wanted = pieces.clamped(to: PieceIndex(first)..<PieceIndex(max(first, end)))
            }
            state.waits[read] = PieceStoreState.Wait(
                pieces: pieces, bytes: bytes, completion: completion, missing: missing.count,
                phase: source == nil ? .unannounced : .announcing)
            return read
        }
        if let read, let source { announce(read, wanted, wantedBytes, to: source) }
        if hasUnsettled { settle(pieces, isUrgent: true) }
        return read
    }

    /// Tells the source too, on this thread.
    package func cancelWait(_ read: ReadID) -> Bool {
        var source: (any BlockSource)?
        let wasWaiting = state.withLock { state in
            guard let wait = state.waits.removeValue(forKey: read) else { return false }
            state.unlink(read, wait.pieces)
            if wait.phase == .announced { source = state.source }
            return true
        }
        source?.readEnded(read)
        return wasWaiting
    }

    /// Passed on as it is.
    package func reportTimeout(_ read: ReadID, pieces: Range<PieceIndex>, path: String) {
        state.withLock { $0.source }?.readTimedOut(read, pieces: pieces, path: path)
    }

    /// Leaves out the first pieces that are there; a source that was told nothing of a stream is not
    /// told of its end.
    package func readahead(_ stream: StreamID, pieces: Range<PieceIndex>) {
        let pieces = pieces.clamped(to: geometry.pieces)
        var hasUnsettled = false
        let (source, wanted) = state.withLock { state -> ((any BlockSource)?, Range<PieceIndex>) in
            hasUnsettled = state.hasUnsettled
            var first = pieces.lowerBound
            while first < pieces.upperBound, state.has(first) { first = first.advanced(by: 1) }
            let wanted = first..<pieces.upperBound
            // A source that was told nothing need not hear that there is nothing.
            let wasTold =
                wanted.isEmpty
                ? state.streams.remove(stream) != nil : !state.streams.insert(stream).inserted
            return (wanted.isEmpty && !wasTold ? nil : state.source, wanted)
        }
        source?.readahead(stream, pieces: wanted)
        if hasUnsettled { settle(wanted, isUrgent: false) }
    }

    /// Tells the source of a read, and of its end where that came meanwhile: an end is never told
    /// before the beginning.
    func announce(
        _ read: ReadID, _ pieces: Range<PieceIndex>, _ bytes: Range<Int64>?,
        to source: any BlockSource
    ) {
        source.readArrived(read, pieces: pieces, bytes: bytes)
        let hasEnded = state.withLock { state in
            guard state.waits[read] != nil else { return true }
            state.waits[read]?.phase = .announced
            return false
        }
        if hasEnded { source.readEnded(read) }
    }

    /// Makes a verified piece available and completes the reads that waited for nothing else. On
    /// the thread that verified it, the lock let go.
    func arrived(_ buffer: PieceBuffer) {
        becameAvailable(buffer.piece) { $0.inMemory[buffer.piece] = buffer }
    }

    /// Makes a piece available by `change`, and completes the reads that waited for nothing else.
    func becameAvailable(_ piece: PieceIndex, _ change: (inout PieceStoreState) -> Void) {
        let (ended, source) = state.withLock { state in
            change(&state)
            state.blocks.removeAll(of: piece)
            return (state.takeWaits(endedBy: piece), state.source)
        }
        end(ended, source)
    }

    /// Completes reads that wait no longer; the lock let go.
    func end(_ ended: [(read: ReadID, wait: PieceStoreState.Wait)], _ source: (any BlockSource)?) {
        for (_, wait) in ended { wait.completion() }
        for (read, wait) in ended where wait.phase == .announced { source?.readEnded(read) }
    }
}
