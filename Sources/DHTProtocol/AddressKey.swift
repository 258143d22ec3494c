import TorrentCore

/// What counts as one address where somebody could take many: an IPv4 address, or an IPv6 network of
/// 64 bits, which is what one subscriber gets. On private networks and the loopback device each
/// endpoint counts by itself, for there is nobody to be protected from.
struct AddressKey: Hashable {
    private let address: UInt64
    private let isV6: Bool
    private let port: UInt16

    init(_ endpoint: Endpoint) {
        let isShared = endpoint.address.scope == .global
        switch endpoint.address {
        case .v4(let word):
            (address, isV6) = (UInt64(word), false)
        case .v6(let high, let low):
            (address, isV6) = (isShared ? high : high ^ low, true)
        }
        port = isShared ? 0 : endpoint.port
    }
}
