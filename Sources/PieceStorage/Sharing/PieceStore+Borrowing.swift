import CLinux
import Glibc
import Metainfo
import Reactor
import TorrentCore

/// Taking pieces from other torrents of the cache.
///
/// The kernel copies, and shares blocks where the filesystem can (Btrfs, XFS); then our own copy is
/// hashed where it lies. The other torrent's lock is not taken: what its holder does to the file
/// meanwhile, evicting it among it, shows in the hash, and while we have the file open it is not
/// evicted.
extension PieceStore {
    /// Takes a piece; whether it is cached then. What cannot be had is missing from then on, and is
    /// fetched by whoever waits. Blocks on the disk, and on room for it: for pool threads.
    func borrow(_ piece: PieceIndex) -> Bool {
        let isDue = beginWriting(piece) {
            !$0.isClosed && $0.isElsewhere(piece) && $0.writing[piece] == nil
        }
        // Another thread is at it, or was.
        guard isDue else { return state.withLock { $0.cached[piece] } }
        let isTaken = take(piece)
        endWriting(piece)
        if isTaken {
            becameAvailable(piece) { _ = $0.queuedChecks.remove(piece) }
        } else {
            lose(piece)
        }
        return isTaken
    }

    private func take(_ piece: PieceIndex) -> Bool {
        guard let origin = shared?.origin(of: piece), let folder = cacheFolder, let usage else {
            return false
        }
        let slices = disk.slices(of: piece)
        let space = spaceNeeded(slices, folder)
        guard folder.cache.limiter.admit(self, bytes: space) else { return false }
        defer { usage.finish(space) }
        guard let files = copy(slices, from: origin.donor, origin.position, folder),
            RecheckedFiles(store: self).isRight(piece)
        else {
            giveBack(piece)
            return false
        }
        let payload = payloadLength(of: piece)
        noteWritten(piece, Array(files.prefix(Self.dirtyFileLimit + 1)), payload)
        pools.counters.addWritten(payload)
        folder.cache.commits.noteWritten(self, bytes: payload)
        return true
    }

    /// Copies all of a piece's slices; nil where that fails.
    private func copy(
        _ slices: [FileSlice], from donor: SharedPieces.Donor, _ position: Int64,
        _ folder: CacheFolder
    ) -> [(FileIndex, OpenFile)]? {
        var files: [(FileIndex, OpenFile)] = []
        for slice in slices {
            guard let target = try? openForWriting(slice.file, folder) else { return nil }
            usage?.touch(slice.file, target.descriptor)
            let isCopied = copy(
                slice, from: donor, position + Int64(slice.pieceOffset), folder, target)
            usage?.update(slice.file, target.descriptor)
            guard isCopied else { return nil }
            files.append((slice.file, target))
        }
        return files
    }

    private func copy(
        _ slice: FileSlice, from donor: SharedPieces.Donor, _ position: Int64,
        _ folder: CacheFolder, _ target: OpenFile
    ) -> Bool {
        var done = 0
        for part in donor.disk.slices(from: position, count: Int64(slice.length)) {
            // Files of a v2 torrent do not follow each other without gaps; ours end with the file.
            guard part.pieceOffset == done else { return false }
            done += part.length
            let offset = slice.fileOffset + Int64(part.pieceOffset)
            guard donor.disk.isStored(part.file) else {
                // Zeros there; here perhaps what a crash left.
                _ = swarmfs_punch_hole(target.descriptor, offset, Int64(part.length))
                continue
            }
            guard
                let source = folder.cache.openFile(part.file, of: donor),
                copy(source.rawValue, part, to: target, offset)
            else { return false }
        }
        return done == slice.length
    }

    private func copy(
        _ source: Int32, _ part: FileSlice, to target: OpenFile, _ offset: Int64
    ) -> Bool {
        let copied = swarmfs_copy_range(
            source, part.fileOffset, target.descriptor, offset, part.length)
        if copied == part.length { return true }
        // Not every filesystem can; a full disk is no reason to try again.
        guard copied < 0, errno != ENOSPC, errno != EDQUOT,
            let memory = UploadMemory(count: part.length)
        else { return false }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<part.length])
        return FileTransfer.read(source, into: bytes, at: part.fileOffset) == nil
            && target.write(UnsafeRawBufferPointer(bytes), at: offset) == nil
    }

    /// A piece is not where it was thought to be: it is missing, and fetched for whoever waits.
    private func lose(_ piece: PieceIndex) {
        var (ended, source): ([(read: ReadID, wait: PieceStoreState.Wait)], (any BlockSource)?)
        (ended, source) = ([], nil)
        let handler = state.withLock { state -> (@Sendable ([PieceIndex]) -> Void)? in
            guard !state.isClosed else { return nil }
            state.elsewhere?[piece] = false
            state.queuedChecks.remove(piece)
            (ended, source) = (state.takeHopelessWaits(for: piece), state.source)
            return state.piecesLost
        }
        end(ended, source)
        handler?([piece])
    }
}
