package import TorrentCore

/// Where a node is: its place in the DHT and its endpoint (BEP 5).
package struct NodeContact: Hashable, Sendable {
    /// Its place.
    package let id: NodeID
    /// Its address and UDP port.
    package let endpoint: Endpoint

    /// A contact.
    package init(id: NodeID, endpoint: Endpoint) {
        self.id = id
        self.endpoint = endpoint
    }

    /// Length of the compact form: 26 bytes for IPv4 (BEP 5), 38 for IPv6 (BEP 32).
    static func compactLength(_ family: AddressFamily) -> Int { family == .v4 ? 26 : 38 }

    /// From the compact form of `family`; nil where it is none, or an IPv4 address in IPv6's clothes.
    init?(compact bytes: ArraySlice<UInt8>, family: AddressFamily) {
        guard bytes.count == Self.compactLength(family),
            let id = NodeID(bytes.prefix(NodeID.byteCount)),
            let endpoint = Endpoint(compact: bytes.dropFirst(NodeID.byteCount)),
            AddressFamily(of: endpoint.address) == family
        else { return nil }
        self.init(id: id, endpoint: endpoint)
    }

    /// The compact form.
    package var compactBytes: [UInt8] { id.bytes + endpoint.compactBytes }

    /// The contacts of a compact list; nil where its length is wrong. Those that cannot be are left
    /// out.
    static func list(compact bytes: [UInt8], family: AddressFamily) -> [NodeContact]? {
        let length = compactLength(family)
        guard bytes.count.isMultiple(of: length) else { return nil }
        return stride(from: 0, to: bytes.count, by: length).compactMap {
            NodeContact(compact: bytes[$0..<$0 + length], family: family)
        }
    }
}
