/// How far a mount is in its life.
struct MountLifecycle: Sendable {
    /// The stages, each reached once and in this order.
    enum Stage: Comparable, Sendable {
        case new, mounting, mounted, ended
    }

    var stage = Stage.new
    /// The kernel and we have settled the protocol.
    var isInitialised = false
    /// Threads that answer requests.
    var workers = 0
    /// `unmount` was called.
    var isStopRequested = false
}
