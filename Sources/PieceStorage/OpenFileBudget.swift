import Synchronization

/// How many torrent files are open, over all torrents.
final class OpenFileBudget: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = max(1, limit) }

    /// Files open now.
    var openCount: Int { count.load(ordering: .relaxed) }

    /// Whether a file should be closed before the next is kept.
    var isExhausted: Bool { openCount > limit }

    func opened() { count.add(1, ordering: .relaxed) }
    func closed() { count.subtract(1, ordering: .relaxed) }
}
