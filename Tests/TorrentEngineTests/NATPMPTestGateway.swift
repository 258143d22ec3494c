import Glibc
import Reactor
import TorrentCore

/// A router on the loopback that speaks NAT-PMP (RFC 6886) and notes what it is asked.
final class NATPMPTestGateway: Sendable {
    struct Request: Equatable, Sendable {
        let isTCP: Bool
        let port: UInt16
        let seconds: UInt32
    }

    /// The protocol has one port, so each router gets an address of its own.
    let address: IPAddress
    private let descriptor: Int32
    private let requests = Condition<[Request]>([])

    /// - Parameter offset: what is added to a port that is asked for.
    init(offset: UInt16 = 0) throws {
        let bits = UInt32.random(in: 0x7F01_0000..<0x7FFF_0000) | 1
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(5351).bigEndian
        address.sin_addr.s_addr = bits.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else {
            close(descriptor)
            throw SystemError.last("bind")
        }
        self.descriptor = descriptor
        self.address = .v4(bits)
        let requests = requests
        _ = try Thread(name: "test-natpmp") { serve(descriptor, offset, requests) }
    }

    /// Wakes the thread, which closes the socket.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// What it was asked, once that is so much.
    func received(_ count: Int) async throws -> [Request] {
        try await blocking { [requests] in
            requests.wait(until: .later) { $0.count >= count ? $0 : nil } ?? []
        }
    }
}

private func serve(
    _ descriptor: Int32, _ offset: UInt16, _ requests: Condition<[NATPMPTestGateway.Request]>
) {
    while true {
        var buffer = [UInt8](repeating: 0, count: 64)
        var sender = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
            }
        }
        guard count > 0 else {
            close(descriptor)
            return
        }
        guard count == 12, buffer[0] == 0, buffer[1] == 1 || buffer[1] == 2 else { continue }
        let port = UInt16(buffer[4]) << 8 | UInt16(buffer[5])
        let seconds = buffer[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        requests.update { $0.append(.init(isTCP: buffer[1] == 2, port: port, seconds: seconds)) }
        // Version, 128 + operation, result, epoch, inside port, outside port, lifetime.
        var answer: [UInt8] = [0, 128 | buffer[1], 0, 0, 0, 0, 0, 1]
        answer.appendBigEndian(port)
        answer.appendBigEndian(seconds == 0 ? 0 : port &+ offset)
        answer.appendBigEndian(seconds)
        _ = withUnsafePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, &answer, answer.count, 0, $0, length)
            }
        }
    }
}
