import Bencode
import TorrentCore

/// What a node keeps from one run to the next: its IDs, and nodes to start from. Bencoded.
package struct DHTSavedState: Equatable, Sendable {
    /// Nodes of each DHT that are kept: the whole table of a settled node.
    package static let nodeLimit = 256
    /// The longest encoded state in bytes.
    package static let byteLimit = 32 * 1024

    /// Our IDs.
    package var ids: [AddressFamily: NodeID] = [:]
    /// Nodes that have answered.
    package var contacts: [NodeContact] = []

    /// Nothing.
    package init() {}

    /// From the encoded form; nil where it is none. Nodes that cannot be, or are too many, are left out.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count <= Self.byteLimit,
            let document = try? BencodeDocument(parsing: bytes, limits: .message),
            document.kind(of: document.root) == .dictionary
        else { return nil }
        let fields = KRPCFields(document: document, node: document.root)
        ids[.v4] = fields.id("id")
        ids[.v6] = fields.id("id6")
        for (family, list) in [
            (AddressFamily.v4, fields.bytes("nodes")), (.v6, fields.bytes("nodes6")),
        ] {
            guard let list, let found = NodeContact.list(compact: list, family: family) else {
                continue
            }
            contacts += found.filter { $0.endpoint.isAskable }.prefix(Self.nodeLimit)
        }
    }

    /// The encoded form.
    package var encoded: [UInt8] {
        var writer = BencodeWriter()
        writer.dictionary {
            for (key, family) in [("id", AddressFamily.v4), ("id6", .v6)] {
                guard let id = ids[family] else { continue }
                $0.key(key)
                $0.string(id.bytes)
            }
            for (key, family) in [("nodes", AddressFamily.v4), ("nodes6", .v6)] {
                let nodes = contacts.filter { AddressFamily(of: $0.endpoint.address) == family }
                $0.key(key)
                $0.string(nodes.prefix(Self.nodeLimit).flatMap(\.compactBytes))
            }
        }
        return writer.bytes
    }
}

extension Endpoint {
    /// Whether a node may be there. Ports below 1024 belong to services that must not be made to hear
    /// of us by somebody who only wrote them down.
    var isAskable: Bool { !address.isUnroutable && port >= 1024 }
}
