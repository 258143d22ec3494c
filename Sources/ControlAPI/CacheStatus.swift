/// What a mount's process says of its cache.
package struct CacheStatus: Codable, Equatable, Sendable {
    /// The cache directory.
    package var directory: String

    /// A status.
    package init(directory: String) { self.directory = directory }
}
