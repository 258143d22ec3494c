import CLinux
import Glibc
package import TorrentCore

/// A TCP socket that accepts connections, non-blocking.
package final class Listener {
    /// How many connections the kernel holds for us between two turns of the loop.
    private static let backlog: Int32 = 128

    private let owned: OwnedDescriptor

    /// Where it listens, with the port that the kernel chose when asked for port 0.
    package let endpoint: Endpoint

    /// Why the last `accept` gave nil though a connection may wait: no descriptor or no memory was
    /// left. The listener stays readable then, so stop watching it for a while.
    package private(set) var shortage: SystemError?

    /// The descriptor, for registering with an event loop.
    package var descriptor: Int32 { owned.rawValue }

    /// Binds and listens. An IPv6 listener takes IPv6 only, so that both may have one port.
    package init(_ requested: Endpoint) throws(SystemError) {
        let isV6 = requested.address.isV6
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        owned = try OwnedDescriptor(
            socket(isV6 ? AF_INET6 : AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0), "socket")
        let descriptor = owned.rawValue
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if isV6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, size) }
        let bound = SocketAddress(requested).withPointer { bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, Self.backlog) == 0 else {
            throw SystemError.last("listen on \(requested)")
        }
        endpoint =
            SocketAddress { getsockname(descriptor, $0, $1) }.endpoint ?? requested
    }

    /// The next waiting connection; nil when there is none.
    package func accept() -> (socket: StreamSocket, remote: Endpoint)? {
        shortage = nil
        while true {
            var result: Int32 = -1
            let address = SocketAddress {
                result = swarmfs_accept(descriptor, $0, $1)
            }
            if result >= 0 {
                let accepted = OwnedDescriptor(result)
                guard let remote = address.endpoint else { continue }
                return (StreamSocket(accepted: accepted), remote)
            }
            // A connection that died while it waited is no reason to leave the others there.
            if errno == EINTR || errno == ECONNABORTED { continue }
            if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
                shortage = .last("accept on \(endpoint)")
            }
            return nil
        }
    }
}
