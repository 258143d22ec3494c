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
    func noteWritten(_ piece: PieceIndex, _ files: [(FileIndex, OpenFile)], _ payload: Int) {
        let time = UseTime.now()
        state.withLock { state in
            state.uses.note(piece..<piece.advanced(by: 1), at: time)
            // Also one handed in twice: what is dirty again must be synced again.
            state.dirtyPieces.insert(piece)
            for (index, file) in files {
                if state.dirtyFiles.count < Self.dirtyFileLimit || state.dirtyFiles[index] != nil {
                    state.dirtyFiles[index] = file
                } else {
                    state.hasMoreDirtyFiles = true
                }
            }
            state.dropMemory(of: piece)
            state.doubtful?[piece] = false
            guard !state.cached[piece] else { return }
            state.cached[piece] = true
            state.cachedBytes += Int64(payload)
        }
    }

    /// Hands what is dirty to the commit thread.
    func takeDirtyFiles() -> DirtyFiles {
        state.withLock { state in
            defer {
                state.syncingPieces.formUnion(state.dirtyPieces)
                state.dirtyPieces = []
                state.dirtyFiles = [:]
                state.hasMoreDirtyFiles = false
            }
            return DirtyFiles(files: state.dirtyFiles, hasMore: state.hasMoreDirtyFiles)
        }
    }

    /// A sync failed, of one file or of all: the kernel may have dropped the data, so those pieces
    /// are missing again.
    func syncFailed(_ file: FileIndex?, _ error: SystemError) {
        let pieces = state.withLock { state in
            state.syncingPieces.filter { piece in
                file.map { layout.pieces(of: $0).contains(piece) } ?? true
            }
        }
        warnOnce(.syncFailed, "\(error); \(pieces.count) pieces count as missing again")
        forget(Array(pieces))
    }

    /// What the catalogue may be told of; asked while it is locked.
    func syncedPieces() -> [PieceIndex] { state.withLock { Array($0.syncingPieces) } }

    /// The catalogue's transaction has ended.
    func commitEnded(isCommitted: Bool) {
        state.withLock { state in
            if !isCommitted { state.dirtyPieces.formUnion(state.syncingPieces) }
            state.syncingPieces = []
        }
    }
}
