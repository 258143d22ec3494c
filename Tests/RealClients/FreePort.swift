import Foundation
import Synchronization

/// Ports of the loopback device that nobody used a moment ago.
package enum FreePort {
    /// Below those that the kernel gives to whoever asks for any (from 32768): nobody is handed one
    /// of these before the program that it is for has bound it.
    private static let ports: Range<UInt32> = 20_000..<32_000
    private static let count = Atomic(UInt32.random(in: 0..<1 << 20))

    /// A port of 127.0.0.1 that is free for TCP and UDP, and never given twice.
    package static func next() throws -> UInt16 {
        for _ in 0..<1000 {
            let number = count.add(1, ordering: .relaxed).newValue
            let port = UInt16(ports.lowerBound + number % UInt32(ports.count))
            if let stream = try? bound(type: SOCK_STREAM.rawValue, port: port) {
                defer { close(stream.descriptor) }
                if let datagram = try? bound(type: SOCK_DGRAM.rawValue, port: port) {
                    close(datagram.descriptor)
                    return port
                }
            }
        }
        throw RealClientError("no port is free for both TCP and UDP")
    }

    /// Binds and holds a TCP port, so that a program that wants it finds it in use. The caller
    /// closes the descriptor.
    package static func occupied() throws -> (descriptor: Int32, port: UInt16) {
        let socket = try bound(type: SOCK_STREAM.rawValue, port: 0)
        listen(socket.descriptor, 1)
        return socket
    }

    /// Whether something accepts TCP connections on 127.0.0.1:`port`.
    package static func isListening(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withLoopback(port) { connect(descriptor, $0, $1) } == 0
    }

    private static func bound(
        type: UInt32, port: UInt16
    ) throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(type | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw RealClientError("socket: errno \(errno)") }
        guard withLoopback(port, { bind(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            throw RealClientError("bind: errno \(errno)")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { throw RealClientError("getsockname: errno \(errno)") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private static func withLoopback<Result>(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
