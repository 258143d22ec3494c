package import Reactor

/// Why a control request, or the socket it would go through, failed.
package enum ControlError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The request is no JSON object with a known `request`; the text says what is wrong.
    case malformedRequest(String)
    /// The request is longer than `ControlRequest.maximumLength` bytes.
    case requestTooLong
    /// The reply is not what this version understands.
    case malformedReply
    /// The other side reported this failure.
    case refused(String)
    /// The process has no task of this number, or has forgotten it.
    case noTask(Int)
    /// What a task is about is not there, or it cannot be done now; one line.
    case impossible(String)
    /// No process serves this mountpoint.
    case notMounted(String)
    /// A live process serves this mountpoint; its id where it could be read.
    case alreadyServed(mountpoint: String, pid: Int32?)
    /// No answer within the client's time-out.
    case timedOut
    /// The runtime directory belongs to someone else, or is no directory.
    case untrustedDirectory(String)
    /// The process at the other end of the socket runs as another user.
    case untrustedPeer
    /// A system call failed.
    case system(SystemError)

    /// One line for a person.
    package var description: String {
        switch self {
        case .malformedRequest(let reason): "the control request is malformed (\(reason))"
        case .requestTooLong:
            "the control request is longer than \(ControlRequest.maximumLength) bytes"
        case .malformedReply: "the control reply is malformed"
        case .refused(let reason): "the mount's process refused the request (\(reason))"
        case .noTask(let task): "there is no task \(task)"
        case .impossible(let reason): reason
        case .notMounted(let mountpoint): "no swarmfs process serves \(mountpoint)"
        case .alreadyServed(let mountpoint, let pid?):
            "process \(pid) already serves \(mountpoint)"
        case .alreadyServed(let mountpoint, nil): "another process already serves \(mountpoint)"
        case .timedOut: "the mount's process does not answer"
        case .untrustedDirectory(let path):
            "the runtime directory \(path) is not a directory of this user"
        case .untrustedPeer: "the other end of the control socket belongs to another user"
        case .system(let error): error.description
        }
    }
}
