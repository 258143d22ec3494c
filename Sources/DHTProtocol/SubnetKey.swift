import TorrentCore

/// The network that an address is in, as small ones are handed out: 24 bits for IPv4, 48 for IPv6.
/// Nil on private networks and the loopback device.
struct SubnetKey: Hashable {
    private let prefix: UInt64
    private let isV6: Bool

    init?(_ address: IPAddress) {
        guard address.scope == .global else { return nil }
        switch address {
        case .v4(let word): (prefix, isV6) = (UInt64(word >> 8), false)
        case .v6(let high, _): (prefix, isV6) = (high >> 16, true)
        }
    }
}
