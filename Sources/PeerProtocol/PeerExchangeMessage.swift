import Bencode
package import TorrentCore

/// A message of `ut_pex`: whom the sender is connected to, and no longer (BEP 11).
///
///     d5:added<6 n bytes>7:added.f<n bytes>6:added6<18 m bytes>8:added6.f<m bytes>
///      7:dropped<6 k bytes>8:dropped6<18 l bytes>e
package struct PeerExchangeMessage: Equatable, Sendable {
    /// Peers that the sender is now connected to, IPv4 before IPv6 where it was read.
    package var added: [PeerExchangeContact]
    /// Peers that it is connected to no longer.
    package var dropped: [Endpoint]

    /// A message.
    package init(added: [PeerExchangeContact] = [], dropped: [Endpoint] = []) {
        self.added = added
        self.dropped = dropped
    }

    /// Whether it says nothing.
    package var isEmpty: Bool { added.isEmpty && dropped.isEmpty }

    /// Reads a payload; throws where it is no dictionary. Linear in its length, which the decoder
    /// bounds. Contacts in a string of an odd length, and flags that are not one for each contact,
    /// count as absent, as do contacts to which nothing can be sent.
    package init(parsing payload: [UInt8]) throws(PeerCloseReason) {
        let root: BencodeValue
        do {
            root = try BencodeDocument(prefixOf: payload, limits: .message).rootValue
        } catch {
            throw .invalidExtensionMessage
        }
        guard root.kind == .dictionary else { throw .invalidExtensionMessage }
        added =
            Self.contacts(root["added"]?.bytes, root["added.f"]?.bytes, length: 6)
            + Self.contacts(root["added6"]?.bytes, root["added6.f"]?.bytes, length: 18)
        dropped =
            (Self.contacts(root["dropped"]?.bytes, nil, length: 6)
            + Self.contacts(root["dropped6"]?.bytes, nil, length: 18)).map(\.endpoint)
    }

    /// The payload. It has every key, for some clients expect that.
    package func encoded() -> [UInt8] {
        let v4 = added.filter { !$0.endpoint.address.isV6 }
        let v6 = added.filter { $0.endpoint.address.isV6 }
        var writer = BencodeWriter()
        writer.beginDictionary()
        writer.key("added")
        writer.string(v4.flatMap(\.endpoint.compactBytes))
        writer.key("added.f")
        writer.string(v4.map(\.flags.rawValue))
        writer.key("added6")
        writer.string(v6.flatMap(\.endpoint.compactBytes))
        writer.key("added6.f")
        writer.string(v6.map(\.flags.rawValue))
        writer.key("dropped")
        writer.string(dropped.filter { !$0.address.isV6 }.flatMap(\.compactBytes))
        writer.key("dropped6")
        writer.string(dropped.filter(\.address.isV6).flatMap(\.compactBytes))
        writer.endDictionary()
        return writer.bytes
    }

    private static func contacts(
        _ bytes: [UInt8]?, _ flags: [UInt8]?, length: Int
    ) -> [PeerExchangeContact] {
        guard let bytes, bytes.count % length == 0 else { return [] }
        let count = bytes.count / length
        let flags = flags.flatMap { $0.count == count ? $0 : nil }
        var contacts: [PeerExchangeContact] = []
        contacts.reserveCapacity(count)
        for index in 0..<count {
            let start = index * length
            guard let endpoint = Endpoint(compact: bytes[start..<start + length]),
                endpoint.port != 0, !endpoint.address.isUnroutable
            else { continue }
            contacts.append(
                PeerExchangeContact(endpoint, flags: .init(rawValue: flags?[index] ?? 0)))
        }
        return contacts
    }
}
