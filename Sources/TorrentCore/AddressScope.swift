/// How far an address reaches, nearest first.
package enum AddressScope: UInt8, Comparable, Sendable {
    /// This machine.
    case loopback
    /// The own network: link-local, private (RFC 1918), shared (RFC 6598), unique local (RFC 4193).
    case local
    /// The internet.
    case global

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension IPAddress {
    /// How far the address reaches; constant time.
    package var scope: AddressScope {
        if isLoopback { return .loopback }
        let isLocal =
            switch self {
            case .v4(let bits):
                bits >> 24 == 10 || bits >> 20 == 0xAC1 || bits >> 16 == 0xC0A8
                    || bits >> 16 == 0xA9FE || bits >> 22 == 0x191
            case .v6(let high, _): high >> 57 == 0x7E || high >> 54 == 0x3FA
            }
        return isLocal ? .local : .global
    }
}
