package import TorrentCore

/// A Bloom filter of addresses, by which the peers that many nodes know can be counted together
/// (BEP 33).
package struct AddressFilter: Equatable, Sendable {
    /// Length in bytes.
    package static let byteCount = 256
    private static let bitCount = byteCount * 8

    /// The bits, as they stand on the wire.
    package private(set) var bytes = [UInt8](repeating: 0, count: byteCount)

    /// A filter of no address.
    package init() {}

    /// Adds an address; its port does not count.
    package mutating func insert(_ address: IPAddress, hashing: any Hashing) {
        let hash = hashing.sha1(address.bytes.span).bytes
        for offset in [0, 2] {
            let index = (Int(hash[offset]) | Int(hash[offset + 1]) << 8) % Self.bitCount
            bytes[index / 8] |= 1 << UInt8(index % 8)
        }
    }
}
