package import TorrentCore

/// What the DHT keeps under a place of its own (BEP 44). Values are bencoded.
package enum DHTItem: Equatable, Sendable {
    /// A value that is kept under its SHA-1.
    case immutable(value: [UInt8])
    /// A signed value that its owner may replace.
    case mutable(MutableItem)

    /// The longest value that nodes are bound to take, in bytes (BEP 44).
    package static let valueLimit = 1000

    /// The bencoded value.
    package var value: [UInt8] {
        switch self {
        case .immutable(let value): value
        case .mutable(let item): item.value
        }
    }

    /// Where it is kept.
    package func target(hashing: any Hashing) -> NodeID {
        switch self {
        case .immutable(let value): NodeID(hashing.sha1(value.span))
        case .mutable(let item):
            MutableItem.target(key: item.key, salt: item.salt, hashing: hashing)
        }
    }
}
