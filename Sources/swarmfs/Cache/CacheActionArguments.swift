import PieceStorage

/// What an action of `swarmfs cache` was told.
struct CacheActionArguments {
    /// The torrents named, as written.
    let torrents: [String]
    /// The cache directory, absolute.
    let directory: String
    let isJSON: Bool
    let isDryRun: Bool
    /// `--to`.
    let size: Int64?

    init(torrents: [String], _ arguments: ParsedArguments) throws(Failure) {
        self.torrents = torrents
        directory = try Places.cacheDirectory(arguments)
        isJSON = arguments.has("json")
        isDryRun = arguments.has("dry-run")
        size = try arguments.last("to", ByteSize.parse)
    }

    /// The cache's contents.
    func inventory() throws(Failure) -> CacheInventory {
        do throws(StorageError) {
            return try CacheInventory(path: directory)
        } catch {
            throw Failure(error)
        }
    }
}
