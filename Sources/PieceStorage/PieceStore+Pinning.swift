import Metainfo
import Reactor
import Synchronization
package import TorrentCore

/// Files that the user wants kept.
extension PieceStore {
    /// Whether some pinned file lies in the piece: then it is not to be evicted. One lock and one
    /// bit; under the lock already, ask the state.
    package func isPinned(_ piece: PieceIndex) -> Bool {
        geometry.contains(piece) && state.withLock { $0.isPinned(piece) }
    }

    /// Pins files, for good: in the catalogue before it returns. Or lets them go again, which a full
    /// disk does not hinder, as it may be the way to make room: then the catalogue is told as soon as
    /// there is some. What is not cached yet is not fetched by that. Blocks on the disk.
    package func setPinned(_ files: [FileIndex], _ isPinned: Bool) throws(StorageError) {
        guard let folder = cacheFolder else { return }
        try pins.withLock { (pins: inout FileRuns) throws(StorageError) in
            var changed = pins
            for file in files where file.rawValue >= 0 && file.value < layout.count {
                let run = file.value..<file.value + 1
                if isPinned { changed.insert(run) } else { changed.remove(run) }
            }
            guard changed != pins else { return }
            let pieces = changed.pieces(layout, count: geometry.pieceCount)
            // Kept from eviction before that is promised.
            let before = state.withLock { state in
                defer { state.pinned = pieces }
                return state.pinned
            }
            do throws(StorageError) {
                try folder.cache.catalogue.setPins(changed, of: folder.torrent, layout)
                arePinsUnsaved.store(false, ordering: .relaxed)
            } catch {
                guard !isPinned, error.isDiskFull else {
                    state.withLock { $0.pinned = before }
                    throw error
                }
                arePinsUnsaved.store(true, ordering: .relaxed)
            }
            pins = changed
        }
    }

    /// Tells the catalogue of pins let go while the disk was full; where it is full still, later again.
    func savePins() {
        guard arePinsUnsaved.load(ordering: .relaxed), let folder = cacheFolder else { return }
        pins.withLock { pins in
            do {
                try folder.cache.catalogue.setPins(pins, of: folder.torrent, layout)
                arePinsUnsaved.store(false, ordering: .relaxed)
            } catch {
                Log.debug("\(error)")
            }
        }
    }
}
