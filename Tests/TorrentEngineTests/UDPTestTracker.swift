import Glibc
import Reactor
import TorrentCore

/// A UDP tracker (BEP 15) on the loopback that knows no peers and notes what it is told.
final class UDPTestTracker: Sendable {
    let port: UInt16
    let record = AnnounceRecord()
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError.last("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else {
            close(descriptor)
            throw SystemError.last("bind")
        }
        port = UInt16(bigEndian: address.sin_port)
        self.descriptor = descriptor
        let record = record
        _ = try Thread(name: "test-udp") { serve(descriptor, record) }
    }

    /// Wakes the thread, which closes the socket.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

private func serve(_ descriptor: Int32, _ record: AnnounceRecord) {
    let events = ["", "completed", "started", "stopped"]
    while true {
        var buffer = [UInt8](repeating: 0, count: 2048)
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
        guard count >= 16 else { continue }
        let transaction = Array(buffer[12..<16])
        var answer: [UInt8]
        if buffer[11] == 0 {
            answer = [0, 0, 0, 0] + transaction + [1, 2, 3, 4, 5, 6, 7, 8]
        } else if buffer[11] == 2 {
            // Seeders, completed, leechers.
            answer = [0, 0, 0, 2] + transaction + [0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7]
        } else {
            guard count >= 98, buffer[..<8].elementsEqual([1, 2, 3, 4, 5, 6, 7, 8]) else {
                continue
            }
            let left = buffer[64..<72].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            record.add(event: events[Int(buffer[83]) & 3], left: left)
            // Interval, leechers, seeders.
            answer = [0, 0, 0, 1] + transaction + [0, 0, 7, 8, 0, 0, 0, 1, 0, 0, 0, 1]
        }
        _ = withUnsafePointer(to: &sender) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, &answer, answer.count, 0, $0, length)
            }
        }
    }
}
