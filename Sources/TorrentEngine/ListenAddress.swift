package import TorrentCore

/// Where to accept peers: `[ADDR]:PORT`.
package struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// The address; nil for every address, IPv4 and IPv6.
    package let address: IPAddress?
    /// The port; 0 lets the kernel choose.
    package let port: UInt16

    /// An address to listen on.
    package init(address: IPAddress?, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// From `:PORT`, `1.2.3.4:PORT` or `[::1]:PORT`; nil where it is none of them.
    package init?(_ text: String) {
        if text.hasPrefix(":") {
            guard let port = UInt16(text.dropFirst()) else { return nil }
            self.init(address: nil, port: port)
        } else if let endpoint = Endpoint(text) {
            self.init(address: endpoint.address, port: endpoint.port)
        } else {
            return nil
        }
    }

    /// The sockets that it stands for: without an address, one for IPv4 and one for IPv6.
    var endpoints: [Endpoint] {
        let addresses = address.map { [$0] } ?? [.v4(0), .v6(0, 0)]
        return addresses.map { Endpoint(address: $0, port: port) }
    }

    /// As it is written on the command line.
    package var description: String {
        guard let address else { return ":\(port)" }
        return Endpoint(address: address, port: port).description
    }
}
