package import TorrentCore

/// Node IDs that follow from the node's address (BEP 42), so that nobody can choose a place next to
/// a torrent without having the addresses for it.
extension NodeID {
    private static let v4Mask: UInt32 = 0x030F_3FFF
    private static let v6Mask: UInt64 = 0x0103_070F_1F3F_7FFF
    /// So many bits at the start follow from the address.
    private static let prefixMask: UInt32 = 0xFFFF_F800

    /// A random ID among those that a node at `address` may have.
    package init(address: IPAddress, random: inout some RandomNumberGenerator) {
        let any = NodeID(random: &random)
        guard address.scope == .global else {
            self = any
            return
        }
        let prefix = Self.prefix(of: address, salt: UInt8(truncatingIfNeeded: any.low))
        self.init(
            high: any.high & ~(UInt64(Self.prefixMask) << 32)
                | UInt64(prefix & Self.prefixMask) << 32,
            middle: any.middle, low: any.low)
    }

    /// Whether a node at `address` may have this ID. On private networks and the loopback device,
    /// where addresses are free, any will do.
    package func isValid(for address: IPAddress) -> Bool {
        guard address.scope == .global else { return true }
        let prefix = Self.prefix(of: address, salt: UInt8(truncatingIfNeeded: low))
        return (UInt32(truncatingIfNeeded: high >> 32) ^ prefix) & Self.prefixMask == 0
    }

    /// The checksum whose first 21 bits an ID begins with; `salt` is the ID's last byte.
    private static func prefix(of address: IPAddress, salt: UInt8) -> UInt32 {
        var bytes: [UInt8] = []
        switch address {
        case .v4(let word): bytes.appendBigEndian(word & v4Mask | UInt32(salt & 7) << 29)
        case .v6(let high, _): bytes.appendBigEndian(high & v6Mask | UInt64(salt & 7) << 61)
        }
        return CRC32C.checksum(bytes)
    }
}
