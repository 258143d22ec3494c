package import TorrentCore
package import TorrentTree

/// What one simulated reader reads: one range of pieces after the other.
package struct ReadPlan: Sendable {
    /// The reads, in order.
    package var reads: [Range<PieceIndex>]
    /// Pieces after each read that are announced as a readahead window.
    package var readahead: Int
    /// Where set, windows are those that a mount would announce, and `readahead` does not count.
    package var policy: ReadaheadPolicy?
    /// Reads after the one that the program waits for that are made with it, as the kernel reads ahead.
    package var kernelReadahead = 0
    /// Time from one answer to the next read.
    package var pause: Interval
    /// When the first read is made.
    package var start: Timestamp

    /// A plan.
    package init(
        reads: [Range<PieceIndex>], readahead: Int = 0, pause: Interval = .zero,
        start: Timestamp = .zero
    ) {
        self.reads = reads
        self.readahead = readahead
        self.pause = pause
        self.start = start
    }

    /// Every piece in order.
    package static func whole(
        _ geometry: PieceGeometry, readahead: Int = 8, start: Timestamp = .zero
    ) -> Self {
        Self(
            reads: geometry.pieces.map { $0..<$0.advanced(by: 1) }, readahead: readahead,
            start: start)
    }

    /// Every piece in order through a mount.
    package static func mounted(
        _ geometry: PieceGeometry, policy: ReadaheadPolicy, kernelReadahead: Int,
        start: Timestamp = .zero
    ) -> Self {
        var plan = whole(geometry, start: start)
        plan.policy = policy
        plan.kernelReadahead = kernelReadahead
        return plan
    }
}
