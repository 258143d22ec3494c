import CLinux
import Glibc
import TorrentCore

/// One datagram at a time through a UDP socket that never waits.
enum Datagram {
    /// Sends one; false where the kernel would not take it.
    static func send(
        _ bytes: UnsafeRawBufferPointer, to endpoint: Endpoint, through descriptor: Int32
    ) -> Bool {
        SocketAddress(endpoint).withPointer {
            sendto(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), $0, $1)
        } == bytes.count
    }

    /// The next one, cut off after `limit` bytes, and its sender; nil when none waits.
    static func receive(
        through descriptor: Int32, limit: Int
    ) -> (bytes: [UInt8], sender: Endpoint)? {
        var buffer = [UInt8](repeating: 0, count: limit)
        while true {
            var count = -1
            let address = SocketAddress { sender, length in
                count = recvfrom(descriptor, &buffer, buffer.count, 0, sender, length)
            }
            if count >= 0 {
                guard let sender = address.endpoint else { continue }
                return (Array(buffer[..<count]), sender)
            }
            // ICMP errors of earlier datagrams come back here; the next one may be fine.
            guard errno == EINTR || errno == ECONNREFUSED else { return nil }
        }
    }
}
