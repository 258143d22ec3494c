import CNATPMP
import Glibc
import Reactor
import TorrentCore

/// A router that speaks NAT-PMP (RFC 6886), as those that speak its successor PCP (RFC 6887) do.
final class NATPMPGateway: PortMappingGateway {
    /// How long one answer is waited for: three attempts of RFC 6886, 250, 500 and 1000 ms. A router
    /// that speaks it answers within milliseconds, and most do not speak it.
    private static let patience = Interval.milliseconds(1750)

    private var client = natpmp_t()
    let name = "NAT-PMP"

    /// The router at `address`, or (nil) the default one; nil where there is none.
    init?(address: IPAddress?) {
        var forced: in_addr_t = 0
        if let address {
            guard case .v4(let bits) = address else { return nil }
            forced = bits.bigEndian
        }
        client.s = -1
        guard initnatpmp(&client, address == nil ? 0 : 1, forced) == 0 else { return nil }
    }

    // Also where it fails, since it opens its socket before it looks for the router.
    deinit {
        if client.s > 0 { closenatpmp(&client) }
    }

    func map(_ port: UInt16, _ transport: MappedTransport, seconds: Int) -> UInt16? {
        request(port, external: port, transport, seconds: UInt32(clamping: seconds))
    }

    func unmap(_ port: UInt16, external: UInt16, _ transport: MappedTransport) {
        _ = request(port, external: 0, transport, seconds: 0)
    }

    private func request(
        _ port: UInt16, external: UInt16, _ transport: MappedTransport, seconds: UInt32
    ) -> UInt16? {
        let (number, kind) =
            switch transport {
            case .tcp: (NATPMP_PROTOCOL_TCP, NATPMP_RESPTYPE_TCPPORTMAPPING)
            case .udp: (NATPMP_PROTOCOL_UDP, NATPMP_RESPTYPE_UDPPORTMAPPING)
            }
        let length = sendnewportmappingrequest(&client, number, port, external, seconds)
        guard length > 0 else { return nil }
        let deadline = Timestamp.now() + Self.patience
        while Timestamp.now() < deadline {
            var pause = timeval()
            guard getnatpmprequesttimeout(&client, &pause) == 0 else { return nil }
            let milliseconds = max(0, min(pause.tv_sec * 1000 + pause.tv_usec / 1000, 1000))
            var waited = pollfd(fd: client.s, events: Int16(POLLIN), revents: 0)
            poll(&waited, 1, Int32(milliseconds) + 1)
            var response = natpmpresp_t()
            let result = readnatpmpresponseorretry(&client, &response)
            if result == NATPMP_TRYAGAIN { continue }
            guard result == 0, Int32(response.type) == kind,
                response.pnu.newportmapping.privateport == port
            else { return nil }
            return response.pnu.newportmapping.mappedpublicport
        }
        return nil
    }
}
