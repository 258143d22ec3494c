/// Taking over what the user has already.
extension PieceStore {
    /// Adopts what is right of the torrent's data at `path` (as for seeding: its file, its folder, or
    /// the one that holds it; files may be missing, damaged, or of another size). The data is not
    /// changed. Blocks until all is hashed, written and in the catalogue, or until `isCancelled`,
    /// which is asked between pieces. `progress` gets bytes, from one thread at a time.
    package func importData(
        at path: String,
        progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void = { _, _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(StorageError) -> ImportResult {
        guard let folder = cacheFolder else { return ImportResult() }
        return try DataImport(self, folder, path: path).run(
            progress: progress, isCancelled: isCancelled)
    }
}
