import PieceStorage

extension Failure {
    /// From what the cache says: its text holds the advice.
    init(_ error: StorageError) {
        switch error {
        case .notADirectory, .cacheUnusable, .foreignCatalogue, .newerCatalogue, .catalogueFailed:
            self.init(.cache, message: error.description)
        case .inUse, .dataUnusable, .dataDiffers, .unsafeName, .system:
            self.init(.failure, message: error.description)
        }
    }
}
