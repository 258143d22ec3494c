import Glibc
import Reactor
import TorrentCore

/// A UDP server on an address of the loopback network that answers each datagram by itself, on a
/// thread of its own.
final class UDPTestServer: Sendable {
    /// Where it listens.
    let port: UInt16
    private let descriptor: Int32

    /// - Parameters:
    ///   - address: in host byte order.
    ///   - port: one that the kernel chooses where it is 0.
    ///   - answer: to a datagram; nil for none.
    init(
        address bits: UInt32 = 0x7F00_0001, port: UInt16 = 0,
        answer: @escaping @Sendable (ArraySlice<UInt8>) -> [UInt8]?
    ) throws {
        let number = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let socket = try OwnedDescriptor(number, "socket")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = bits.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, length) == 0 && getsockname(number, $0, &length) == 0
            }
        }
        guard isBound else { throw SystemError.last("bind") }
        self.port = UInt16(bigEndian: address.sin_port)
        descriptor = socket.release()
        _ = try Thread(name: "test-udp") { serve(number, answer) }
    }

    /// Wakes the thread, which closes the socket.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

private func serve(_ descriptor: Int32, _ answer: (ArraySlice<UInt8>) -> [UInt8]?) {
    defer { close(descriptor) }
    while true {
        var buffer = [UInt8](repeating: 0, count: 2048)
        var sender = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
            }
        }
        guard count > 0 else { return }
        guard let bytes = answer(buffer[..<count]) else { continue }
        _ = withUnsafePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, 0, $0, length)
            }
        }
    }
}
