import CLinux
import Glibc
package import TorrentCore

/// A non-blocking TCP connection.
package final class StreamSocket {
    private let owned: OwnedDescriptor

    /// The descriptor, for registering with an event loop.
    package var descriptor: Int32 { owned.rawValue }

    /// Takes over an accepted connection.
    package init(accepted descriptor: consuming OwnedDescriptor) {
        owned = descriptor
        setOption(IPPROTO_TCP, TCP_NODELAY, 1)
    }

    /// Begins to connect; writability tells when `connectError` is final.
    package init(connectingTo endpoint: Endpoint) throws(SystemError) {
        let family = endpoint.address.isV6 ? AF_INET6 : AF_INET
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        owned = try OwnedDescriptor(
            socket(family, type | Int32(SOCK_CLOEXEC.rawValue), 0), "socket")
        setOption(IPPROTO_TCP, TCP_NODELAY, 1)
        let result = SocketAddress(endpoint).withPointer { connect(owned.rawValue, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            throw SystemError.last("connect \(endpoint)")
        }
    }

    /// The pending error of a connection attempt; zero when it has succeeded.
    package var connectError: Int32 {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    /// The round trip that TCP has measured so far (`tcpi_rtt`, tcp(7)); nil before it has. One
    /// system call.
    package var roundTrip: Interval? {
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        let result = getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length)
        guard result == 0, info.tcpi_rtt > 0 else { return nil }
        return Interval(nanoseconds: Int64(info.tcpi_rtt) * 1000)
    }

    /// Lets the kernel drop what it has not sent yet when the socket is closed, instead of sending
    /// it afterwards.
    package func dropUnsentAtClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Acknowledges at once what has been received; Linux otherwise waits up to 40 ms for more. The
    /// kernel goes back to its ways by itself.
    package func acknowledgeNow() { setOption(IPPROTO_TCP, TCP_QUICKACK, 1) }

    /// Lets the socket count as readable from so many bytes on (at least one), at its end, and when
    /// the kernel has no room for more.
    package func setReceiveLowWater(_ bytes: Int) {
        setOption(Int(SOL_SOCKET), SO_RCVLOWAT, Int32(clamping: bytes))
    }

    /// Fills `first`, then `second`, with one system call.
    package func read(
        into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        var vectors = (
            iovec(iov_base: first.baseAddress, iov_len: first.count),
            iovec(iov_base: second.baseAddress, iov_len: second.count)
        )
        return withUnsafeBytes(of: &vectors) { vectors in
            while true {
                let count = readv(
                    descriptor, vectors.assumingMemoryBound(to: iovec.self).baseAddress, 2)
                if count > 0 { return .bytes(count) }
                if count == 0 { return .endOfStream }
                if errno == EINTR { continue }
                return errno == EAGAIN ? .wouldBlock : .failed(errno)
            }
        }
    }

    /// Writes `parts` in turn with one system call; never raises SIGPIPE.
    package func write(_ parts: [UnsafeRawBufferPointer]) -> TransferResult {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: parts.count) { vectors in
            for (index, part) in parts.enumerated() {
                vectors[index] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: part.baseAddress),
                    iov_len: part.count)
            }
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = parts.count
            while true {
                let count = sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL))
                if count >= 0 { return .bytes(count) }
                if errno == EINTR { continue }
                return errno == EAGAIN ? .wouldBlock : .failed(errno)
            }
        }
    }

    private func setOption(_ level: Int, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(
            owned.rawValue, Int32(level), option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
