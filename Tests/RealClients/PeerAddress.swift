/// Where a peer listens, written as the command takes it.
package struct PeerAddress: Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 address.
    package let host: String
    /// Its port on the loopback device.
    package let port: UInt16

    /// A peer of the loopback device where no host is given.
    package init(host: String = "127.0.0.1", port: UInt16) {
        self.host = host
        self.port = port
    }

    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
