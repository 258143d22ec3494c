package import TorrentCore

/// One of the two DHTs, which are separate (BEP 32).
package enum AddressFamily: Int, CaseIterable, Hashable, Sendable {
    /// IPv4.
    case v4
    /// IPv6.
    case v6

    /// The one that an address belongs to.
    package init(of address: IPAddress) { self = address.isV6 ? .v6 : .v4 }
}
