import Metainfo
import Reactor
import TorrentCore

/// From written to lasting; the commit thread's side.
extension PieceStore {
    /// Dirty files a store keeps open for their sync; with more, the whole filesystem is synced.
    static let dirtyFileLimit = 32

    /// Files that hold data not yet synced.
    struct DirtyFiles: Sendable {
        let files: [FileIndex: OpenFile]
        let hasMore: Bool
    }

    /// A piece is in its cache files: served from there from now on.
    /// Its memory is kept where `recent` is given.
    func noteWritten(
        _ piece: PieceIndex, _ files: [(FileIndex, OpenFile)], _ payload: Int,
        recent: PieceBuffer? = nil
    ) {
        let time = UseTime.now()
        state.withLock { state in
            state.uses.note(piece..<piece.advanced(by: 1), at: time)
            // Also one handed in twice: what is dirty again must be synced again.
            state.dirtyPieces.insert(piece)
            state.noteDirty(files)
            state.dropMemory(of: piece)
            // It is not to go before the catalogue has let go of its blocks.
            if state.stored.cover(piece) { state.recorded[piece] = true }
            // One that is there already stays: it holds the same bytes.
            if let recent, state.recent[piece] == nil { state.recent[piece] = recent }
            state.doubtful?[piece] = false
            state.elsewhere?[piece] = false
            guard !state.cached[piece] else { return }
            state.cached[piece] = true
            state.cachedBytes += Int64(payload)
        }
    }

    /// Lets go of the memory of a piece that is on disk; the caller holds it meanwhile, so that none
    /// is given back under the lock.
    func dropRecent(_ buffer: PieceBuffer) {
        state.withLock { state in
            if state.recent[buffer.piece] === buffer { state.recent[buffer.piece] = nil }
        }
    }

    /// Hands what is dirty to the commit thread.
    func takeDirtyFiles() -> DirtyFiles {
        state.withLock { state in
            for piece in state.dirtyPieces { state.recorded[piece] = true }
            defer {
                state.syncingPieces.formUnion(state.dirtyPieces)
                state.dirtyPieces = []
                state.stored.beginSync()
                state.dirtyFiles = [:]
                state.hasMoreDirtyFiles = false
            }
            return DirtyFiles(files: state.dirtyFiles, hasMore: state.hasMoreDirtyFiles)
        }
    }

    /// A sync failed, of one file or of all: the kernel may have dropped the data, so those pieces
    /// and blocks are missing again.
    func syncFailed(_ file: FileIndex?, _ error: SystemError) {
        let isConcerned = { [disk] (piece: PieceIndex) in
            file.map { disk.pieces(of: $0).contains(piece) } ?? true
        }
        let (pieces, blocks) = state.withLock { state in
            (
                state.syncingPieces.filter(isConcerned),
                state.stored.syncing.filter { isConcerned($0.key) }.mapValues { Array($0.keys) }
            )
        }
        let count = pieces.count + blocks.count
        warnOnce(.syncFailed, "\(error); \(count) pieces count as missing again")
        forget(blocks: blocks)
        forget(Array(pieces), keepsBlocks: true)
    }

    /// What the catalogue may be told of; asked while it is locked.
    func syncedPieces() -> [PieceIndex] { state.withLock { Array($0.syncingPieces) } }

    /// The catalogue's transaction has ended.
    func commitEnded(isCommitted: Bool) {
        state.withLock { state in
            if isCommitted {
                for piece in state.syncingPieces { state.stored.forgetCovered(piece) }
            } else {
                state.dirtyPieces.formUnion(state.syncingPieces)
            }
            state.stored.endSync(isCommitted: isCommitted)
            state.syncingPieces = []
        }
    }
}

extension PieceStoreState {
    /// Files were written to, and are to be synced.
    mutating func noteDirty(_ files: [(FileIndex, OpenFile)]) {
        for (index, file) in files {
            if dirtyFiles.count < PieceStore.dirtyFileLimit || dirtyFiles[index] != nil {
                dirtyFiles[index] = file
            } else {
                hasMoreDirtyFiles = true
            }
        }
    }
}
