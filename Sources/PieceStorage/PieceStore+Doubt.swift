import Metainfo
import Reactor
package import TorrentCore

/// Pieces whose bytes are on disk, but have not been seen since the machine was started
/// (`--verify=once`) or since the catalogue was made anew (`CatalogueRebuild`).
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

    /// Those, and the pieces that other torrents of the cache hold: nobody has to fetch them, unless
    /// `piecesLost` says so later.
    package var obtainable: Bitfield {
        let elsewhere = state.withLock { $0.elsewhere }
        var pieces = kept
        for run in elsewhere?.runs ?? [] { for piece in run { pieces[piece] = true } }
        return pieces
    }

    /// How many pieces wait for their check.
    package var doubtfulPieceCount: Int { state.withLock { $0.doubtful?.setCount ?? 0 } }

    /// Payload bytes, padding left out, of the pieces that wait for their check.
    package var doubtfulBytes: Int64 {
        guard let doubtful = state.withLock({ $0.doubtful }), !doubtful.isEmpty else { return 0 }
        return Self.payloadBytes(of: doubtful, metainfo.info)
    }

    /// Parts what the catalogue vouches for: doubtful is what was not hashed since the machine was
    /// started, where that counts (`checked`), and what nobody has hashed since the catalogue was
    /// made anew. Nil where nothing is and `checked` is not given.
    static func takeDoubtful(
        from cached: inout Bitfield, checked: Bitfield?, unseen: Bitfield?
    ) -> Bitfield? {
        guard checked != nil || unseen != nil else { return nil }
        var doubtful = Bitfield(count: cached.count)
        for run in cached.runs {
            for piece in run where checked?[piece] == false || unseen?[piece] == true {
                doubtful[piece] = true
                cached[piece] = false
            }
        }
        return doubtful
    }

    /// Has the doubtful ones of these pieces hashed, and those taken from there that other torrents
    /// hold: for a reader that waits at once, else ahead of one, each once.
    func settle(_ pieces: Range<PieceIndex>, isUrgent: Bool) {
        let chosen = state.withLock { state -> [(piece: PieceIndex, isElsewhere: Bool)] in
            guard !state.isClosed else { return [] }
            var chosen: [(piece: PieceIndex, isElsewhere: Bool)] = []
            for piece in pieces where state.isUnsettled(piece) {
                guard isUrgent || state.queuedChecks.insert(piece).inserted else { continue }
                chosen.append((piece, state.isElsewhere(piece)))
            }
            return chosen
        }
        for (piece, isElsewhere) in chosen {
            pending.update { $0 += 1 }
            // What is copied is written, and may have to wait for room.
            let pool = isElsewhere ? pools.writing : pools.hashing
            let isQueued = pool.submit(urgent: isUrgent) { [self] in
                _ = settle(piece)
                pending.update { $0 -= 1 }
            }
            if !isQueued { pending.update { $0 -= 1 } }
        }
    }

    /// Hashes a piece if it is doubtful, or takes it from another torrent; whether it is cached then.
    /// Blocks on the disk: for pool threads. Two threads may hash the same piece, which costs time and
    /// nothing else.
    func settle(_ piece: PieceIndex) -> Bool {
        if state.withLock({ $0.isElsewhere(piece) }) { return borrow(piece) }
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

    /// Makes damaged pieces missing, for good, and has those fetched that reads wait for, or the reads
    /// ended where nobody can.
    func drop(damaged pieces: [PieceIndex], _ problem: String) {
        for piece in pieces {
            Log.warning(
                "torrent \(metainfo.info.identity): cached piece \(piece) \(problem); dropped")
            do {
                try forgetDurably(piece..<piece.advanced(by: 1))
            } catch {
                // In memory it is missing already; `saveLosses` tries again.
                Log.warning("cache catalogue: \(error.cause)")
            }
        }
    }

    /// Remembers which pieces need no check until the machine is started again. What is lost of it
    /// when a process is killed is just hashed once more.
    func saveChecks() {
        guard let folder = cacheFolder else { return }
        let (checked, doubtful) = state.withLock { ($0.cached, $0.doubtful) }
        do {
            if let boot = folder.cache.policy.verifiedSince {
                try folder.cache.catalogue.setChecked(checked, of: folder.torrent, since: boot)
            }
            if var left = unseen {
                for run in left.runs {
                    for piece in run where doubtful?[piece] != true { left[piece] = false }
                }
                try folder.cache.catalogue.setDoubts(left, of: folder.torrent)
            }
        } catch {
            Log.debug("\(error)")
        }
    }
}
