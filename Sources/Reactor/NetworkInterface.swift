import CLinux
import Glibc
package import TorrentCore

/// A network interface of this machine that is up.
package struct NetworkInterface: Equatable, Sendable {
    /// `eth0` and the like.
    package let name: String
    /// The kernel's number for it; valid until it goes.
    package let index: UInt32
    /// Whether the kernel sends to multicast groups over it by itself; not so for loopback.
    package let isMulticast: Bool
    /// Whether its link is up too: a cable, an access point, the other end.
    package let hasLink: Bool
    /// Its addresses of both families.
    package fileprivate(set) var addresses: [IPAddress]

    /// All that are up and have an address, by name; none where the kernel does not tell.
    package static var all: [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0, let first = list else { return [] }
        defer { freeifaddrs(first) }
        var found: [String: NetworkInterface] = [:]
        for entry in sequence(first: first, next: { $0.pointee.ifa_next }) {
            guard entry.pointee.ifa_flags & UInt32(IFF_UP) != 0,
                let name = entry.pointee.ifa_name, let address = entry.pointee.ifa_addr,
                let endpoint = endpoint(address)
            else { continue }
            let text = String(cString: name)
            found[
                text,
                default: NetworkInterface(
                    name: text, index: if_nametoindex(name),
                    isMulticast: entry.pointee.ifa_flags & UInt32(IFF_MULTICAST) != 0,
                    hasLink: entry.pointee.ifa_flags & UInt32(IFF_RUNNING) != 0,
                    addresses: [])
            ].addresses.append(endpoint.address)
        }
        return found.values.filter { $0.index != 0 }.sorted { $0.name < $1.name }
    }

    private static func endpoint(_ address: UnsafeMutablePointer<sockaddr>) -> Endpoint? {
        let length =
            switch Int32(address.pointee.sa_family) {
            case AF_INET: MemoryLayout<sockaddr_in>.size
            case AF_INET6: MemoryLayout<sockaddr_in6>.size
            default: 0
            }
        guard length > 0 else { return nil }
        return SocketAddress { storage, _ in
            UnsafeMutableRawPointer(storage).copyMemory(from: address, byteCount: length)
        }.endpoint
    }
}
