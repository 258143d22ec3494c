import Glibc
import Metainfo
import Reactor
import TorrentCore

/// Open files and their faults.
extension PieceStore {
    /// How reading from a file went.
    enum FileAccess {
        case done
        /// The file does not hold what it should; its pieces are missing from now on.
        case lost
        case failed(Int32)
    }

    /// The open file for reading; nil in `file` where the access says why.
    func openForReading(_ index: FileIndex) -> (file: OpenFile?, access: FileAccess) {
        if let file = state.withLock({ $0.files.lookUp(index) }) { return (file, .done) }
        do {
            let descriptor: OwnedDescriptor
            do {
                descriptor = try openBacking(index)
            } catch let error as SystemError where error.code == EMFILE || error.code == ENFILE {
                // Peers may have taken more descriptors than was reckoned with: give ours back.
                let closed = state.withLock { $0.files.removeAll() }
                guard !closed.isEmpty else { throw error }
                withExtendedLifetime(closed) {}
                descriptor = try openBacking(index)
            }
            return (keep(OpenFile(descriptor, budget: pools.openFiles), index), .done)
        } catch let error as SystemError {
            return (nil, fault(error.code, in: index, nil, "\(error)"))
        } catch let error as StorageError {
            if case .dataUnusable(_, let reason) = error {
                return (nil, fault(reason.code, in: index, nil, "\(error)"))
            }
            return (nil, fault(ENODATA, in: index, nil, "\(error)"))
        } catch {
            return (nil, .failed(EIO))
        }
    }

    private func openBacking(_ index: FileIndex) throws -> OwnedDescriptor {
        switch backing {
        case .cache(let folder): try folder.open(index, length: disk.length(of: index))
        case .data(let folder): try folder.open(index)
        }
    }

    /// The open file for writing, made where it is not there. One thread at a time makes files,
    /// so that none forgets what another has just written to the same file.
    func openForWriting(
        _ index: FileIndex, _ folder: CacheFolder
    ) throws(StorageError) -> OpenFile {
        if let file = state.withLock({ $0.files.lookUp(index) }) { return file }
        return try creation.withLock { (count: inout Int) throws(StorageError) -> OpenFile in
            if let file = state.withLock({ $0.files.lookUp(index) }) { return file }
            let descriptor = try descriptorForWriting(index, folder)
            count += 1
            return keep(OpenFile(descriptor, budget: pools.openFiles), index)
        }
    }

    private func descriptorForWriting(
        _ index: FileIndex, _ folder: CacheFolder
    ) throws(StorageError) -> OwnedDescriptor {
        let length = disk.length(of: index)
        do {
            return try folder.open(index, length: length)
        } catch {
            guard error.code == ENOENT || error.code == ENODATA else {
                throw .cacheUnusable(path: folder.cache.path, reason: error)
            }
        }
        // A new file is all zeros: nothing may count as cached in it, in the catalogue either,
        // before it is there.
        try forgetDurably(disk.pieces(of: index))
        do {
            return try folder.create(index, length: length)
        } catch {
            throw .cacheUnusable(path: folder.cache.path, reason: error)
        }
    }

    /// Adds an open file to the table, or gives the one that another thread has added.
    private func keep(_ file: OpenFile, _ index: FileIndex) -> OpenFile {
        // Closed when `evicted` goes, outside the lock.
        var evicted: (OpenFile?, OpenFile?)
        let kept = state.withLock { state in
            if let other = state.files.lookUp(index) { return other }
            state.files.insert(index, file)
            if pools.openFiles.isExhausted { evicted = (state.files.evict(), state.files.evict()) }
            return file
        }
        withExtendedLifetime(evicted) {}
        return kept
    }

    /// Judges an error of a file that should hold verified bytes; `pieces` is what it concerns
    /// where that is not the whole file, as with one bad sector.
    func fault(
        _ code: Int32, in file: FileIndex, _ pieces: Range<PieceIndex>? = nil,
        _ message: @autoclosure () -> String
    ) -> FileAccess {
        switch code {
        case ENOENT, ENODATA, EIO, ENOTDIR, ELOOP, ESTALE, EINVAL, EISDIR, ENXIO:
            warnOnce(.fileLost, "\(message()); what it holds counts as missing from now on")
            if pieces == nil {
                // To be opened anew, and made as long as it should be.
                let closed = state.withLock { $0.files.remove(file) }
                withExtendedLifetime(closed) {}
            }
            do {
                try forgetDurably(pieces ?? disk.pieces(of: file))
            } catch {
                Log.debug("\(error)")
            }
            return .lost
        default:
            return .failed(code)
        }
    }

    /// Makes pieces missing, in memory and then in the catalogue. Where that cannot be told it is told
    /// at the next call, or by `saveLosses`: nothing may be put in the place of what the catalogue still
    /// vouches for.
    func forgetDurably(_ pieces: Range<PieceIndex>) throws(StorageError) {
        let count = forget(Array(pieces))
        // A closed store's torrent may be another process's by now.
        guard let folder = cacheFolder, !state.withLock({ $0.isClosed }) else { return }
        let isUntold = state.withLock { state in
            state.untold.contains { $0.overlaps(pieces) }
        }
        guard count > 0 || isUntold else { return }
        do throws(StorageError) {
            try folder.cache.catalogue.remove(pieces, of: folder.torrent)
        } catch {
            state.withLock { if !$0.untold.contains(pieces) { $0.untold.append(pieces) } }
            throw error
        }
        state.withLock { $0.untold.removeAll { $0.clamped(to: pieces) == $0 } }
    }

    /// Tells the catalogue of losses that it could not be told of; where that fails again, later. What
    /// has come back meanwhile may be vouched for.
    func saveLosses() {
        guard let folder = cacheFolder, !isLeaving else { return }
        for pieces in state.withLock({ $0.untold }) {
            let lost = state.withLock { state in pieces.filter { !state.cached[$0] } }
            do {
                try folder.cache.catalogue.remove(lost, of: folder.torrent)
            } catch {
                return Log.debug("\(error)")
            }
            state.withLock { $0.untold.removeAll { $0 == pieces } }
        }
    }

    /// Makes pieces missing that are cached or doubtful, and tells the engine, and readers whom nobody
    /// will give them; says how many were, with those of which there were single blocks. Those in
    /// memory stay; so do, with `keepsBlocks`, the blocks that the catalogue knows.
    @discardableResult
    func forget(_ pieces: [PieceIndex], keepsBlocks: Bool = false) -> Int {
        let lengths = layout.hasPadding ? nil : geometry
        var lost: [PieceIndex] = []
        var doubtful: [PieceIndex] = []
        // Those on their way out have been subtracted already.
        var counted = 0
        var (sparse, ended): (Int, [(read: ReadID, wait: PieceStoreState.Wait)]) = (0, [])
        var source: (any BlockSource)?
        let handler = state.withLock { state in
            source = state.source
            for piece in pieces where state.isDoubtful(piece) {
                state.doubtful?[piece] = false
                doubtful.append(piece)
            }
            for piece in pieces where state.restorable.remove(piece) != nil { lost.append(piece) }
            counted = lost.count
            for piece in pieces where state.cached[piece] {
                state.cached[piece] = false
                state.dirtyPieces.remove(piece)
                state.syncingPieces.remove(piece)
                lost.append(piece)
                if let lengths { state.cachedBytes -= Int64(lengths.length(of: piece)) }
            }
            for piece in pieces where state.stored.holds(piece) {
                if keepsBlocks {
                    state.stored.uncover(piece)
                    continue
                }
                state.stored.forgetCovered(piece)
                guard state.stored.remove(of: piece) != nil else { continue }
                sparse += 1
                // They may have counted on these blocks.
                ended += state.takeWaiters(of: piece)
            }
            for piece in lost + doubtful { ended += state.takeHopelessWaits(for: piece) }
            return state.piecesLost
        }
        end(ended, source)
        if lengths == nil, lost.count > counted {
            let bytes = lost[counted...].reduce(Int64(0)) { $0 + Int64(payloadLength(of: $1)) }
            state.withLock { $0.cachedBytes -= bytes }
        }
        lost += doubtful
        if let handler, !lost.isEmpty { handler(lost) }
        return lost.count + sparse
    }

    func warnOnce(_ warning: StoreWarning, _ message: @autoclosure () -> String) {
        let isNew = warnings.withLock { $0.insert(warning).inserted }
        let name = metainfo.info.identity
        if isNew { Log.warning("torrent \(name): \(message())") } else { Log.debug(message()) }
    }
}
