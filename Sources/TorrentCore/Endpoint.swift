/// An address and a port.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// The address.
    package let address: IPAddress
    /// The port.
    package let port: UInt16

    /// An endpoint.
    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// From `1.2.3.4:5` or `[::1]:5` (numeric only); nil where it is neither.
    package init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard let address = IPAddress(host) else { return nil }
        self.init(address: address, port: port)
    }

    /// From the compact form, 6 bytes for IPv4 (BEP 23) or 18 for IPv6 (BEP 7).
    package init?(compact bytes: some Collection<UInt8>) {
        guard bytes.count == 6 || bytes.count == 18, let address = IPAddress(bytes.dropLast(2))
        else { return nil }
        self.init(address: address, port: bytes.suffix(2).reduce(0) { $0 << 8 | UInt16($1) })
    }

    /// The compact form, 6 or 18 bytes.
    package var compactBytes: [UInt8] {
        var bytes = address.bytes
        bytes.appendBigEndian(port)
        return bytes
    }

    /// `1.2.3.4:5` or `[::1]:5`.
    package var description: String {
        address.isV6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
