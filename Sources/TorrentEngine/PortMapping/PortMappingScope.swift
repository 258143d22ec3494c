package import TorrentCore

/// Whether routers are asked to forward the port on which peers are accepted, and which.
package enum PortMappingScope: Equatable, Sendable {
    /// None.
    case off
    /// The router of this network, where peers of others than this machine are accepted at all.
    case automatic
    /// These, wherever peers are accepted: an address that speaks NAT-PMP (RFC 6886), and where a
    /// UPnP router describes itself.
    case gateways(natPMP: IPAddress?, upnpDescription: String?)
}
