/// Where an address came from, best first.
package enum PeerSource: UInt8, Comparable, Sendable {
    /// The user named it.
    case user
    /// The user's magnet link named it (`x.pe`), whose text may be a stranger's.
    case magnet
    /// The local network (BEP 14): near, and mostly fast.
    case local
    /// A tracker.
    case tracker
    /// It connected to us, and said where it listens.
    case incoming
    /// Another peer (BEP 11) or the DHT (BEP 5).
    case gossip

    /// Whether the user gave it, who waits for it: it is tried again and again.
    var isUsers: Bool { self <= .magnet }

    /// Whether it may name peers of a private torrent (BEP 27).
    var isPrivate: Bool {
        switch self {
        case .user, .tracker, .incoming: true
        case .magnet, .local, .gossip: false
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
