/// Where a torrent's bytes are kept.
package enum StoreLocation: Sendable {
    /// In sparse files of a cache; starts with what the catalogue says.
    case cache(CacheDirectory)
    /// In the user's own files, read only: the file of a single-file torrent, the torrent's
    /// folder, or the folder that holds either. Nothing counts as there before `check` or
    /// `trust`.
    case data(String)
}
