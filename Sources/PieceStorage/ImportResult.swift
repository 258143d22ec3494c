/// What became of data that was to be adopted.
package struct ImportResult: Equatable, Sendable {
    /// How many pieces the torrent has.
    package var pieces = 0
    /// Those that the cache had before.
    package var present = 0
    /// Those that were right, and are cached now.
    package var adopted = 0
    /// Bytes of those.
    package var adoptedBytes: Int64 = 0
    /// How many files share their blocks with the data, so that they take no room of their own.
    package var sharedFiles = 0
}
