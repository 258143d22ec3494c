/// How reads of complete files are answered on a mount. Raw values are stable: programs see them.
package enum PassthroughState: String, Sendable {
    /// By the kernel, from the cache's files.
    case on
    /// By this process, as the mount's options say.
    case off
    /// By this process: the kernel has no passthrough (Linux 6.9 and newer can have it).
    case unsupported
    /// By this process: it lacks CAP_SYS_ADMIN, or the kernel does not allow it here.
    case notPermitted = "not_permitted"
}
