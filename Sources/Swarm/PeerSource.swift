/// Where an address came from, best first.
package enum PeerSource: UInt8, Comparable, Sendable {
    /// The user named it.
    case user
    /// A tracker.
    case tracker
    /// It connected to us, and said where it listens.
    case incoming
    /// Another peer (BEP 11), the DHT (BEP 5) or the local network (BEP 14).
    case gossip

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
