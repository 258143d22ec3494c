import PieceStorage

extension Failure {
    /// From what the cache says, with advice where its text holds none.
    init(_ error: StorageError) {
        switch error {
        case .notADirectory, .cacheUnusable, .foreignCatalogue, .newerCatalogue, .catalogueFailed:
            self.init(.cache, message: error.description)
        case .inUse, .dataDiffers: self.init(.failure, message: error.description)
        case .dataUnusable, .unsafeName:
            self.init(.failure, error.description, "check --data")
        case .system:
            self.init(.failure, error.description, "check the limits of this machine")
        }
    }
}
