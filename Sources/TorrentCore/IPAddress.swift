/// An IPv4 or IPv6 address.
package enum IPAddress: Hashable, Sendable {
    /// 32 bits, most significant byte first.
    case v4(UInt32)
    /// 128 bits as two words, most significant first.
    case v6(UInt64, UInt64)

    /// 127.0.0.1.
    package static let loopbackV4 = IPAddress.v4(0x7F00_0001)

    /// From 4 or 16 bytes in network order; nil for any other count. An IPv4-mapped IPv6 address
    /// becomes the IPv4 address that it stands for.
    package init?(_ bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            let low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
            self.init(high: high, low: low)
        default:
            return nil
        }
    }

    /// From the two words of an IPv6 address, most significant first. An IPv4-mapped address becomes
    /// the IPv4 address that it stands for.
    package init(high: UInt64, low: UInt64) {
        self =
            high == 0 && low >> 32 == 0xFFFF
            ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(high, low)
    }

    /// 4 or 16 bytes in network order.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .v4(let address): bytes.appendBigEndian(address)
        case .v6(let high, let low):
            bytes.appendBigEndian(high)
            bytes.appendBigEndian(low)
        }
        return bytes
    }

    /// Whether this is an IPv6 address.
    package var isV6: Bool {
        if case .v6 = self { true } else { false }
    }

    /// 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let address): address >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }

    /// 0.0.0.0 or ::, which stand for every address of the machine where sockets are bound.
    package var isUnspecified: Bool { self == .v4(0) || self == .v6(0, 0) }

    /// fe80::/10 (RFC 4291): it means nothing without the name of a network interface, which an
    /// endpoint does not have.
    package var isLinkLocalV6: Bool {
        if case .v6(let high, _) = self { high >> 54 == 0x3FA } else { false }
    }

    /// The unspecified, multicast and broadcast addresses, to which nothing is ever sent.
    package var isUnroutable: Bool {
        switch self {
        case .v4(let address): address >> 24 == 0 || address >> 28 >= 14
        case .v6(let high, let low): (high == 0 && low == 0) || high >> 56 == 0xFF
        }
    }
}
