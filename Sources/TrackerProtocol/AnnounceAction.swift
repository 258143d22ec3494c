/// What an `AnnounceStateMachine` wants done. Trackers are named by number; see
/// `AnnounceStateMachine.url(of:)`.
package enum AnnounceAction: Equatable, Sendable {
    /// Announce, and report with `succeeded` or `failed`. A tracker has at most one under way.
    case announce(tracker: Int, url: String, event: AnnounceEvent)
    /// Give up the announce under way to this tracker, and report nothing of it.
    case cancel(tracker: Int)
    /// After `stop`: every tracker that knew of us has been told, or could not be.
    case finished
}
