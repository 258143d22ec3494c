import TorrentCore

/// Why a session or one of its torrents could not start. Each description is one line: what
/// happened, and what to do.
package enum SessionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The port is taken, or the address is not this machine's.
    case cannotListen(String)
    /// The source is no torrent, or could not be fetched.
    case sourceUnusable(String)
    /// The source would have to be fetched, and the session is offline.
    case offline(String)
    /// The cache directory cannot be used.
    case cacheUnusable(String)
    /// The seeded data does not fit the torrent.
    case dataUnusable(String)
    /// The torrent is in this session already.
    case duplicate(String)
    /// The caller gave up, or the session ended.
    case cancelled
    /// A thread or descriptor could not be had.
    case system(String)

    /// Two SOURCES name one torrent.
    static func givenTwice(_ identity: TorrentIdentity) -> SessionError {
        .duplicate("torrent \(identity) is given twice: name it once")
    }

    package var description: String {
        switch self {
        case .cannotListen(let text), .sourceUnusable(let text), .cacheUnusable(let text),
            .dataUnusable(let text), .duplicate(let text), .system(let text), .offline(let text):
            text
        case .cancelled: "cancelled"
        }
    }
}
