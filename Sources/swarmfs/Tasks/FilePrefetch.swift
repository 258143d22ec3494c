import ControlAPI
import PieceStorage
import TorrentCore

/// Fetches files of a mount, one torrent after the other.
struct FilePrefetch {
    private let files: MountFiles
    private let span: ByteSpan?
    private let patience: Interval

    /// `patience` is how long it may take until something comes.
    init(_ files: MountFiles, _ span: ByteSpan?, patience: Interval) {
        self.files = files
        self.span = span
        self.patience = patience
    }

    /// Ends `task` when all is cached, or with the reason why that is not so.
    func run(_ task: TaskProgress) {
        task.update { $0.files = files.count }
        task.run(files.groups) { group, progress throws(PrefetchFailure) in
            try group.store.prefetch(
                group.pieces(in: span), patience: patience, progress: progress,
                isCancelled: { task.isCancelled })
        }
    }
}
