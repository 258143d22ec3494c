/// One live mount, as found by its pid file.
package enum ListedMount: Equatable, Sendable {
    /// Its process told its state.
    case answering(MountStatus)
    /// Its process lives and did not answer.
    case silent(mountpoint: String, pid: Int32, reason: String)

    /// The canonical mountpoint.
    package var mountpoint: String {
        switch self {
        case .answering(let status): status.mountpoint
        case .silent(let mountpoint, _, _): mountpoint
        }
    }
}
