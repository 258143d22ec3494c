/// The eight reserved bytes of a handshake: which extensions a client knows (BEP 3).
package struct ReservedBits: OptionSet, Hashable, Sendable {
    /// The bytes as one big-endian number.
    package let rawValue: UInt64

    /// Wraps the eight bytes, whatever they say.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The extension protocol, byte 5, 0x10 (BEP 10).
    package static let extensionProtocol = ReservedBits(rawValue: 0x10_0000)
    /// The fast extension, byte 7, 0x04 (BEP 6).
    package static let fast = ReservedBits(rawValue: 0x04)
    /// The DHT, byte 7, 0x01 (BEP 5).
    package static let dht = ReservedBits(rawValue: 0x01)
    /// A hybrid torrent's v1 handshake may be answered with the v2 hash, byte 7, 0x10 (BEP 52).
    package static let hybrid = ReservedBits(rawValue: 0x10)
}
