import TorrentEngine

/// The program's version, as `--version` and `status` show it: the same as peers are told.
enum Version {
    static let current = Session.version
}
