/// How a piece goes to its cache files.
enum WriteMode: Equatable, Sendable {
    /// Through the kernel's page cache.
    case cached
    /// From piece memory to the disk itself (`O_DIRECT`), as far as alignment and the filesystem
    /// allow.
    case direct
}
