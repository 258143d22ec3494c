package import TorrentCore

/// What a query is answered with; which of the fields are there depends on the query.
package struct DHTResponse: Equatable, Sendable {
    /// IPv4 nodes close to what was asked for (BEP 5).
    package var nodes: [NodeContact]?
    /// IPv6 nodes close to what was asked for (BEP 32).
    package var nodes6: [NodeContact]?
    /// Peers that have the torrent (BEP 5).
    package var peers: [Endpoint] = []
    /// What a later announce or put has to bring along (BEP 5).
    package var token: [UInt8]?
    /// An item's bencoded value (BEP 44).
    package var value: [UInt8]?
    /// A mutable item's key (BEP 44).
    package var key: [UInt8]?
    /// A mutable item's signature (BEP 44).
    package var signature: [UInt8]?
    /// A mutable item's sequence number (BEP 44).
    package var sequence: Int64?
    /// The addresses of the torrent's seeds (BEP 33).
    package var seedFilter: [UInt8]?
    /// The addresses of the torrent's other peers (BEP 33).
    package var peerFilter: [UInt8]?
    /// Some of the torrents that the node knows of (BEP 51).
    package var samples: [SHA1Digest]?
    /// How many torrents the node knows of (BEP 51).
    package var sampleCount: Int?
    /// Seconds until the samples change (BEP 51).
    package var sampleInterval: Int?

    /// An answer without any field, as to a ping.
    package init() {}

    /// The nodes of one family.
    package func nodes(_ family: AddressFamily) -> [NodeContact] {
        (family == .v4 ? nodes : nodes6) ?? []
    }

    /// The item in the answer to a `get` for `target`, once it has proved to be the right one: an
    /// immutable one by its hash, a mutable one, whose salt the asker knows, by its key and
    /// signature. Nil where there is none, or a false one.
    package func item(
        target: NodeID, salt: [UInt8], hashing: any Hashing, verifier: any SignatureVerifying
    ) -> DHTItem? {
        guard let value, value.count <= DHTItem.valueLimit else { return nil }
        guard let key, let signature, let sequence else {
            return NodeID(hashing.sha1(value.span)) == target ? .immutable(value: value) : nil
        }
        let item = MutableItem(
            key: key, salt: salt, sequence: sequence, value: value, signature: signature)
        guard NodeID(hashing.sha1((key + salt).span)) == target, item.isSigned(verifier) else {
            return nil
        }
        return .mutable(item)
    }
}
