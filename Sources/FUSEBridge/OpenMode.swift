/// How the kernel reads an open file. All handles of a file must have the same mode: the kernel
/// refuses an open in another (EIO).
enum OpenMode: Equatable, Sendable {
    /// Through its page cache, which asks us for what it lacks.
    case cached
    /// From the cache's own file, which the kernel knows by this number; we are not asked.
    case passthrough(backing: Int32)

    /// What `user.swarmfs.io_mode` says.
    var name: String {
        switch self {
        case .cached: "cached"
        case .passthrough: "passthrough"
        }
    }
}
