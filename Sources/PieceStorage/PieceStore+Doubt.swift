import Metainfo
import Reactor
package import TorrentCore

/// Pieces whose bytes are on disk, but have not been seen since the machine was started
/// (`--verify=once`).
///
/// To readers, peers and the kernel a doubtful piece is missing: nothing of it is served, and no
/// file that holds one is read directly. To the engine it is there, so that nobody fetches it. The
/// first to ask for it has it hashed: then it is cached, or it is lost like any damaged piece, and
/// the engine fetches it for whoever waits.
extension PieceStore {
    /// The pieces that are cached, or will be unless their check fails.
    package var kept: Bitfield {
        state.withLock { state in
            guard let doubtful = state.doubtful else { return state.cached }
            var kept = state.cached
            for run in doubtful.runs { for piece in run { kept[piece] = true } }
            return kept
        }
    }

    /// How many pieces wait for their check.
    package var doubtfulPieceCount: Int { state.withLock { $0.doubtful?.setCount ?? 0 } }

    /// Payload bytes, padding left out, of the pieces that wait for their check.
    package var doubtfulBytes: Int64 {
        guard let doubtful = state.withLock({ $0.doubtful }), !doubtful.isEmpty else { return 0 }
        return Self.payloadBytes(of: doubtful, metainfo.info)
    }

    /// Parts what the catalogue vouches for: what was hashed since the machine was started stays in
    /// `cached`.
    static func takeDoubtful(from cached: inout Bitfield, checked: Bitfield) -> Bitfield {
        var doubtful = Bitfield(count: cached.count)
        for run in cached.runs {
            for piece in run where !checked[piece] {
                doubtful[piece] = true
                cached[piece] = false
            }
        }
        return doubtful
    }

    /// Has the doubtful ones of these pieces hashed: for a reader that waits at once, else ahead of
    /// one, each once.
    func settleDoubts(in pieces: Range<PieceIndex>, isUrgent: Bool) {
        let chosen = state.withLock { state -> [PieceIndex] in
            guard !state.isClosed else { return [] }
            return pieces.filter { piece in
                state.isDoubtful(piece)
                    && (isUrgent || state.queuedChecks.insert(piece).inserted)
            }
        }
        for piece in chosen {
            pending.update { $0 += 1 }
            let isQueued = pools.hashing.submit(urgent: isUrgent) { [self] in
                _ = settleDoubt(of: piece)
                pending.update { $0 -= 1 }
            }
            if !isQueued { pending.update { $0 -= 1 } }
        }
    }

    /// Hashes a piece if it is doubtful; whether it is cached then. Blocks on the disk: for pool
    /// threads. Two threads may hash the same piece, which costs time and nothing else.
    func settleDoubt(of piece: PieceIndex) -> Bool {
        guard state.withLock({ $0.isDoubtful(piece) }) else {
            return state.withLock { $0.cached[piece] }
        }
        if RecheckedFiles(store: self).isRight(piece) {
            acceptDoubtful(piece)
            return state.withLock { $0.cached[piece] }
        }
        // It may have gone meanwhile, with its file or to make room: then it is nobody's damage.
        guard state.withLock({ $0.isDoubtful(piece) }) else {
            return state.withLock { $0.cached[piece] }
        }
        drop(damaged: [piece], "does not match its hash any more")
        return false
    }

    /// A piece was found to be right: it is doubtful no longer, and reads that waited for it are
    /// completed.
    func acceptDoubtful(_ piece: PieceIndex) {
        guard state.withLock({ $0.isDoubtful(piece) }) else { return }
        let payload = Int64(payloadLength(of: piece))
        var ended: [(read: ReadID, wait: PieceStoreState.Wait)] = []
        let source = state.withLock { state in
            // Another thread may have been faster, or the file may have gone meanwhile.
            guard state.isDoubtful(piece) else { return state.source }
            state.doubtful?[piece] = false
            state.queuedChecks.remove(piece)
            state.cached[piece] = true
            state.cachedBytes += payload
            ended = state.takeWaits(endedBy: piece)
            return state.source
        }
        end(ended, source)
    }

    /// Makes damaged pieces missing, for good, and has those fetched that reads wait for.
    func drop(damaged pieces: [PieceIndex], _ problem: String) {
        for piece in pieces {
            Log.warning(
                "torrent \(metainfo.info.identity): cached piece \(piece) \(problem); dropped")
            do {
                try forgetDurably(piece..<piece.advanced(by: 1))
            } catch {
                // In memory it is missing already; the next mount may doubt it again.
                Log.warning("cache catalogue: \(error.cause)")
            }
            endWaits(for: piece)
        }
    }

    /// Remembers which pieces need no check until the machine is started again. What is lost of it
    /// when a process is killed is just hashed once more.
    func saveChecks() {
        guard let folder = cacheFolder, let boot = folder.cache.policy.verifiedSince else { return }
        let checked = state.withLock { $0.cached }
        do {
            try folder.cache.catalogue.setChecked(checked, of: folder.torrent, since: boot)
        } catch {
            Log.debug("\(error)")
        }
    }
}
