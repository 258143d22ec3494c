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
        let parts = files.groups.map { ($0.store, $0.pieces(in: span)) }
        task.update { $0.files = files.count }
        var before: Int64 = 0
        for (store, ranges) in parts {
            let start = before
            do throws(PrefetchFailure) {
                try store.prefetch(ranges, patience: patience) { done, total in
                    before = start + total
                    task.update { status in
                        status.done = start + done
                        status.total = start + total
                    }
                } isCancelled: {
                    task.isCancelled
                }
            } catch {
                return task.finish(error.description)
            }
        }
        task.finish()
    }
}
