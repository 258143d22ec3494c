import CMiniUPnP
import TorrentCore

/// A router that speaks UPnP (Internet Gateway Device).
final class UPnPGateway: PortMappingGateway {
    /// How long routers are given to answer the question who is there, in milliseconds; the UPnP
    /// Device Architecture lets them take as long as the question says.
    private static let discoveryTime: Int32 = 2000
    /// Room for an address as text.
    private static let addressLength = 64
    /// What a router answers that keeps mappings until it is restarted, and no shorter.
    private static let onlyPermanent: Int32 = 725
    /// What stands in the router's list.
    private static let title = "swarmfs"

    private var urls = UPNPUrls()
    private var data = IGDdatas()
    private let address: String
    let name = "UPnP"

    /// The router that describes itself at this URL, or (nil) the one of this network that is
    /// connected to the internet; nil where there is none. Takes two seconds, and longer where a
    /// router is slow.
    init?(description: String?) {
        var text = [CChar](repeating: 0, count: Self.addressLength)
        let length = Int32(Self.addressLength)
        let isFound =
            if let description {
                UPNP_GetIGDFromUrl(description, &urls, &data, &text, length) == 1
            } else {
                swarmfs_upnp_discover(Self.discoveryTime, &urls, &data, &text, length) == 1
            }
        address = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard isFound else { return nil }
    }

    deinit { FreeUPNPUrls(&urls) }

    func map(_ port: UInt16, _ transport: MappedTransport, seconds: Int) -> UInt16? {
        var result = add(port, transport, seconds: seconds)
        if result == Self.onlyPermanent { result = add(port, transport, seconds: 0) }
        return result == UPNPCOMMAND_SUCCESS ? port : nil
    }

    func unmap(_ port: UInt16, external: UInt16, _ transport: MappedTransport) {
        _ = UPNP_DeletePortMapping(
            urls.controlURL, swarmfs_upnp_service(&data), String(external), Self.text(transport),
            nil)
    }

    private func add(_ port: UInt16, _ transport: MappedTransport, seconds: Int) -> Int32 {
        UPNP_AddPortMapping(
            urls.controlURL, swarmfs_upnp_service(&data), String(port), String(port), address,
            Self.title, Self.text(transport), nil, String(seconds))
    }

    private static func text(_ transport: MappedTransport) -> String {
        switch transport {
        case .tcp: "TCP"
        case .udp: "UDP"
        }
    }
}
