import CLinux
import Metainfo
package import Reactor
package import TorrentCore

/// Complete cache files that others read directly.
extension PieceStore {
    /// Also false while pieces are not synced yet: should the sync fail, the kernel may drop what was
    /// written, and whoever reads the file directly would see it.
    package func isCompleteOnDisk(_ file: FileIndex) -> Bool {
        guard let pieces = directlyReadable(file) else { return false }
        return state.withLock { $0.isLasting(pieces) }
    }

    package func retainCompleteFile(_ file: FileIndex) -> OwnedDescriptor? {
        guard case .cache(let folder) = backing, let pieces = directlyReadable(file) else {
            return nil
        }
        // Counted first, so that nothing takes bytes away between the look and the opening.
        let time = UseTime.now()
        let isRetained = state.withLock { state in
            guard !state.isClosed, state.isLasting(pieces) else { return false }
            state.uses.note(pieces, at: time)
            state.retainedFiles[file, default: 0] += 1
            return true
        }
        guard isRetained else { return nil }
        do {
            let descriptor = try folder.open(
                file, length: layout.length(of: file), isReadOnly: true)
            // Who evicts asks for leases to find out whether a program still reads the file.
            if swarmfs_has_leases(descriptor.rawValue) == 0 { return descriptor }
            releaseCompleteFile(file)
            return nil
        } catch {
            releaseCompleteFile(file)
            _ = fault(error.code, in: file, nil, "\(error)")
            return nil
        }
    }

    package func releaseCompleteFile(_ file: FileIndex) {
        let time = UseTime.now()
        state.withLock { state in
            guard let count = state.retainedFiles[file] else { return }
            state.uses.note(layout.pieces(of: file), at: time)
            state.retainedFiles[file] = count > 1 ? count - 1 : nil
        }
    }

    /// The pieces of a file that has a cache file of its own with anything in it.
    private func directlyReadable(_ file: FileIndex) -> Range<PieceIndex>? {
        guard case .cache = backing, !disk.isPacked, file.rawValue >= 0, file.value < layout.count,
            layout.length(of: file) > 0,
            layout.attributes(of: file).isDisjoint(with: [.padding, .symlink])
        else { return nil }
        return layout.pieces(of: file)
    }
}
