/// Why a prefetch ended before all was cached.
package enum PrefetchFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// It was told to end.
    case cancelled
    /// Nothing has come for as long as the caller was ready to wait.
    case stalled
    /// The mount uses no network, and something is not cached.
    case offline
    /// So many bytes came, and the cache could not keep them.
    case notKept(Int64)

    package var description: String {
        switch self {
        case .cancelled: "cancelled"
        case .stalled: "nothing has arrived for too long; the mount's log and status may tell why"
        case .offline: "not everything is cached, and the mount is offline"
        case .notKept(let bytes):
            "\(bytes) bytes could not be kept in the cache; make room there, or prefetch less"
        }
    }
}
