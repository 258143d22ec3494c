import CLinux
import Glibc
package import TorrentCore

/// A non-blocking UDP socket of one address family.
package final class DatagramSocket {
    /// The largest datagram that is taken; longer ones are cut off, which no tracker's is.
    package static let maximumLength = 8 * 1024

    private let owned: OwnedDescriptor

    /// Where it is bound, with the port that the kernel chose when asked for port 0.
    package let endpoint: Endpoint

    /// The descriptor, for registering with an event loop.
    package var descriptor: Int32 { owned.rawValue }

    /// Binds to `local`; port 0 lets the kernel choose.
    package init(_ local: Endpoint) throws(SystemError) {
        let isV6 = local.address.isV6
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        owned = try OwnedDescriptor(
            socket(isV6 ? AF_INET6 : AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), 0), "socket")
        if isV6 {
            var on: Int32 = 1
            setsockopt(
                owned.rawValue, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on,
                socklen_t(MemoryLayout<Int32>.size))
        }
        let descriptor = owned.rawValue
        let bound = SocketAddress(local).withPointer { bind(descriptor, $0, $1) }
        guard bound == 0 else { throw SystemError.last("bind \(local)") }
        endpoint = SocketAddress { getsockname(descriptor, $0, $1) }.endpoint ?? local
    }

    /// Gives the kernel room for `bytes` either way, as far as its limits allow, and lets routers cut
    /// datagrams up that are too long for the path.
    package func prepareForStreams(bufferBytes bytes: Int) {
        setFragmenting(true)
        setOption(SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes))
        setOption(SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes))
    }

    /// Sends one datagram that nobody may cut into fragments (RFC 1191, RFC 8201), whatever the
    /// kernel believes of the path: one that is too long is lost, which is what whoever probes the
    /// path wants to know. False where the kernel would not take it. Three system calls.
    package func sendUnfragmented(
        _ bytes: UnsafeRawBufferPointer, to endpoint: Endpoint
    ) -> Bool {
        setFragmenting(false)
        defer { setFragmenting(true) }
        return Datagram.send(bytes, to: endpoint, through: descriptor)
    }

    private func setFragmenting(_ isAllowed: Bool) {
        if endpoint.address.isV6 {
            setOption(
                Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER,
                isAllowed ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE)
        } else {
            setOption(
                Int32(IPPROTO_IP), IP_MTU_DISCOVER,
                isAllowed ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE)
        }
    }

    private func setOption(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends one datagram; false where the kernel would not take it.
    @discardableResult
    package func send(_ bytes: [UInt8], to endpoint: Endpoint) -> Bool {
        bytes.withUnsafeBytes { Datagram.send($0, to: endpoint, through: descriptor) }
    }

    /// The next datagram and its sender; nil when none waits.
    package func receive() -> (bytes: [UInt8], sender: Endpoint)? {
        Datagram.receive(through: descriptor, limit: Self.maximumLength)
    }
}
