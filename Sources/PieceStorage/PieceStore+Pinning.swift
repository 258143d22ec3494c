import Glibc
import Metainfo
import Reactor
package import TorrentCore

/// Files that the user wants kept.
extension PieceStore {
    /// Half a second, which a person can wait.
    private static let attemptLimit = 10
    private static let attemptPause: UInt32 = 50_000

    /// Whether some pinned file lies in the piece: then it is not to be evicted. One lock and one
    /// bit; under the lock already, ask the state.
    package func isPinned(_ piece: PieceIndex) -> Bool {
        geometry.contains(piece) && state.withLock { $0.isPinned(piece) }
    }

    /// Pins files, or lets them go again, for good: in the catalogue before it returns. What is not
    /// cached yet is not fetched by that. Blocks on the disk.
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
            // Kept from eviction before that is promised, and until it is taken back.
            if isPinned { state.withLock { $0.pinned = pieces } }
            try tell(folder, changed)
            state.withLock { $0.pinned = pieces }
            pins = changed
        }
    }

    /// Tells the catalogue. The disk may be full, and letting pins go the way to make room: then with
    /// the room that is kept for evictions, for which pieces in memory contend.
    private func tell(_ folder: CacheFolder, _ pins: FileRuns) throws(StorageError) {
        for _ in 1..<Self.attemptLimit {
            do {
                return try folder.cache.catalogue.setPins(pins, of: folder.torrent, layout)
            } catch {
                folder.cache.limiter.reserve?.giveUp()
                usleep(Self.attemptPause)
            }
        }
        try folder.cache.catalogue.setPins(pins, of: folder.torrent, layout)
    }
}
