/// What an announce says besides the numbers (BEP 3); raw values are those of BEP 15.
package enum AnnounceEvent: UInt32, Sendable, CustomStringConvertible {
    /// A periodic announce.
    case none = 0
    /// The download has just become complete; never sent where it was complete at the start.
    case completed = 1
    /// The first announce to a tracker.
    case started = 2
    /// The last one.
    case stopped = 3

    /// The `event` parameter's value; nil for `none`, which has no parameter.
    package var parameter: String? {
        switch self {
        case .none: nil
        case .completed: "completed"
        case .started: "started"
        case .stopped: "stopped"
        }
    }

    package var description: String { parameter ?? "none" }
}
