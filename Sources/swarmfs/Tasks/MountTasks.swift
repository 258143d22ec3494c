import ControlAPI
import FUSEBridge
import Metainfo
import PieceStorage
import Reactor
import TorrentCore
import TorrentEngine
import TorrentTree

/// What clients of the control socket have a mount's process do.
final class MountTasks: Sendable {
    private let torrents: [SessionTorrent]
    private let tree: DirectoryTree
    private let patience: Interval
    private let board = TaskBoard()
    private let fileSystem = Locked<MountedFileSystem?>(nil)

    /// `patience` is how long a prefetch may take until something comes.
    init(torrents: [SessionTorrent], tree: DirectoryTree, patience: Interval) {
        self.torrents = torrents
        self.patience = patience
        self.tree = tree
    }

    /// The torrents can be read now.
    func mounted(_ fileSystem: MountedFileSystem) {
        self.fileSystem.withLock { $0 = fileSystem }
    }

    func start(_ task: ControlTask) throws(ControlError) -> TaskStatus {
        switch task {
        case .verify(let infohash, let isRepair):
            let chosen =
                try infohash.map { hash throws(ControlError) in try torrents(hash) }
                ?? torrents
            return try board.start { [self] task in
                StoreVerification(chosen.map(\.store), isRepair: isRepair) { [self] in
                    dropPages(of: $1, in: $0)
                }.run(task)
            }
        case .prefetch(let paths, let span):
            let files = try MountFiles(paths, torrents, tree, onlySelected: true)
            return try board.start { [patience] task in
                FilePrefetch(files, span, patience: patience).run(task)
            }
        case .pin(let paths): return try setPinned(paths, true)
        case .unpin(let paths): return try setPinned(paths, false)
        case .evictTorrent(let infohash):
            return try evict(try torrents(infohash).map { ($0.store, nil) })
        case .evict(let paths):
            let files = try MountFiles(paths, torrents, tree)
            return try evict(files.groups.map { ($0.store, $0.pieces(in: nil)) })
        }
    }

    private func evict(
        _ parts: [(PieceStore, [Range<PieceIndex>]?)]
    ) throws(ControlError) -> TaskStatus {
        try board.start { StoreEviction(parts: parts).run($0) }
    }

    private func torrents(_ infohash: String) throws(ControlError) -> [SessionTorrent] {
        let chosen = torrents.filter { torrent in
            let identity = torrent.metainfo.info.identity
            return [identity.v1?.description, identity.v2?.description].contains(infohash)
        }
        guard !chosen.isEmpty else { throw .impossible("torrent \(infohash) is not mounted here") }
        return chosen
    }

    func progress(of task: Int) -> TaskStatus? { board.progress(of: task) }
    func cancel(_ task: Int) -> TaskStatus? { board.cancel(task) }

    /// The mount ends, and all tasks with it.
    func end() {
        board.cancelAll()
        fileSystem.withLock { $0 = nil }
    }

    private func dropPages(of pieces: [PieceIndex], in store: PieceStore) {
        guard let fileSystem = fileSystem.withLock({ $0 }),
            let torrent = torrents.firstIndex(where: { $0.store === store })
        else { return }
        fileSystem.dropPages(of: pieces, torrent: torrent)
    }

    private func setPinned(
        _ paths: [String], _ isPinned: Bool
    ) throws(ControlError) -> TaskStatus {
        // What is unpinned may have been pinned by a mount of all files.
        let files = try MountFiles(paths, torrents, tree, onlySelected: isPinned)
        return try board.start { task in
            task.update { $0.files = files.count }
            task.run(files.groups) { group, _ throws(StorageError) in
                try group.store.setPinned(group.files, isPinned)
            }
        }
    }
}
