import CLinux
import Glibc
package import TorrentCore

/// A non-blocking UDP socket that belongs to one multicast group, on some network interfaces.
///
/// It is bound to the group's address, so that only what was sent to the group arrives: datagrams
/// that somebody sends to this machine's own address do not. Others on this machine may use the
/// same group and port. What is sent stays on the network it is sent to (a TTL of 1).
package final class MulticastSocket {
    /// The group and its port.
    package let group: Endpoint
    private let owned: OwnedDescriptor
    private var joined: Set<UInt32> = []

    /// The descriptor, for registering with an event loop.
    package var descriptor: Int32 { owned.rawValue }

    /// A socket of the group that has joined it nowhere yet.
    package init(group: Endpoint) throws(SystemError) {
        self.group = group
        let isV6 = group.address.isV6
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        owned = try OwnedDescriptor(
            socket(isV6 ? AF_INET6 : AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0), "socket")
        let descriptor = owned.rawValue
        setOption(SOL_SOCKET, SO_REUSEADDR, Int32(1))
        if isV6 {
            setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(1))
        } else {
            // Only what was joined with this socket, not what others on this machine did.
            setOption(Int32(IPPROTO_IP), IP_MULTICAST_ALL, Int32(0))
        }
        let bound = SocketAddress(group).withPointer { bind(descriptor, $0, $1) }
        guard bound == 0 else { throw SystemError.last("bind \(group)") }
    }

    /// Joins the group on an interface; nothing where it has joined there. False where the
    /// interface has none of it.
    @discardableResult
    package func join(_ interface: NetworkInterface) -> Bool {
        guard !joined.contains(interface.index) else { return true }
        let result: Bool
        switch group.address {
        case .v4:
            result = setOption(Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, membership(interface.index))
        case .v6:
            var request = ipv6_mreq()
            request.ipv6mr_interface = interface.index
            withUnsafeMutableBytes(of: &request.ipv6mr_multiaddr) {
                $0.copyBytes(from: group.address.bytes)
            }
            result = setOption(Int32(IPPROTO_IPV6), IPV6_JOIN_GROUP, request)
        }
        if result { joined.insert(interface.index) }
        return result
    }

    /// Sends a datagram to the group by way of an interface; false where that is not possible. The
    /// sender is `source`, an address of the interface; with IPv6 the kernel chooses.
    @discardableResult
    package func send(
        _ bytes: [UInt8], by interface: NetworkInterface, from source: IPAddress
    ) -> Bool {
        let isChosen: Bool
        switch group.address {
        case .v4:
            var request = membership(interface.index)
            if case .v4(let bits) = source { request.imr_address.s_addr = bits.bigEndian }
            isChosen = setOption(Int32(IPPROTO_IP), IP_MULTICAST_IF, request)
        case .v6:
            isChosen = setOption(
                Int32(IPPROTO_IPV6), IPV6_MULTICAST_IF, Int32(bitPattern: interface.index))
        }
        guard isChosen else { return false }
        return bytes.withUnsafeBytes { Datagram.send($0, to: group, through: descriptor) }
    }

    /// The next datagram, cut off after `limit` bytes, and its sender; nil when none waits.
    package func receive(limit: Int) -> (bytes: [UInt8], sender: Endpoint)? {
        Datagram.receive(through: descriptor, limit: limit)
    }

    private func membership(_ interface: UInt32) -> ip_mreqn {
        var request = ip_mreqn()
        if case .v4(let bits) = group.address { request.imr_multiaddr.s_addr = bits.bigEndian }
        request.imr_ifindex = Int32(bitPattern: interface)
        return request
    }

    @discardableResult
    private func setOption<Value>(_ level: Int32, _ option: Int32, _ value: Value) -> Bool {
        withUnsafePointer(to: value) {
            setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<Value>.size)) == 0
        }
    }
}
