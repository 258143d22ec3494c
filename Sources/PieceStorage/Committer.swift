import Reactor
import TorrentCore

/// One round of the commit thread: sync the data of some stores, then one transaction.
struct Committer {
    private let catalogue: Catalogue
    private let directory: Int32
    private let disk: DiskSync
    private let fileSyncLimit: Int
    private var hasWarned = false

    init(catalogue: Catalogue, directory: Int32, disk: DiskSync, fileSyncLimit: Int) {
        self.catalogue = catalogue
        self.directory = directory
        self.disk = disk
        self.fileSyncLimit = fileSyncLimit
    }

    /// Gives back the stores that are to be tried again, since the catalogue failed.
    mutating func commit(_ stores: [PieceStore]) -> [PieceStore] {
        guard !stores.isEmpty else { return [] }
        sync(stores)
        do {
            var additions: [Catalogue.Addition] = []
            for store in stores {
                guard let folder = store.cacheFolder, let usage = store.usage else { continue }
                additions.append(
                    Catalogue.Addition(
                        torrent: folder.torrent, pieces: { store.syncedPieces() },
                        blocks: { store.syncedBlocks() },
                        bytes: { store.isLeaving ? nil : usage.bytes }))
            }
            try catalogue.add(additions)
            for store in stores { store.commitEnded(isCommitted: true) }
            hasWarned = false
            return []
        } catch {
            if !hasWarned {
                Log.warning(
                    "cache catalogue: \(error.cause); what is fetched now will be fetched again after a restart"
                )
            }
            hasWarned = true
            for store in stores { store.commitEnded(isCommitted: false) }
            return stores
        }
    }

    private func sync(_ stores: [PieceStore]) {
        let dirty = stores.map { ($0, $0.takeDirtyFiles()) }
        let count = dirty.reduce(0) { $0 + $1.1.files.count }
        if count > fileSyncLimit || dirty.contains(where: { $0.1.hasMore }) {
            guard let code = disk.filesystem(directory) else { return }
            // Which file it was is not known.
            for (store, _) in dirty { store.syncFailed(nil, SystemError(code, "sync the cache")) }
            return
        }
        for (store, files) in dirty {
            for (index, file) in files.files {
                // Written out, a file may take other blocks than before.
                defer { store.usage?.update(index, file.descriptor) }
                guard let code = disk.file(file.descriptor) else { continue }
                store.syncFailed(index, SystemError(code, "sync cache file \(index)"))
            }
        }
    }
}
