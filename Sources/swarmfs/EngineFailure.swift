import TorrentEngine

extension Failure {
    /// From what the engine says: its text, with advice and the right exit code.
    init(_ error: SessionError) {
        switch error {
        case .cannotListen: self.init(.failure, message: error.description)
        case .cacheUnusable: self.init(.cache, message: error.description)
        case .sourceUnusable:
            self.init(.source, error.description, "check the SOURCE, or give another")
        case .offline:
            self.init(
                .metadata, error.description, "leave --offline out, or give the .torrent file")
        case .dataUnusable:
            self.init(.failure, error.description, "check --data")
        case .duplicate: self.init(.usage, message: error.description)
        case .cancelled: self.init(.failure, "cancelled", "try again")
        case .system: self.init(.failure, error.description, "check the limits of this machine")
        }
    }
}
