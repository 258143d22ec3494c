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
    private let server: UDPTestServer
    private let requests = Condition<[Request]>([])

    /// - Parameter offset: what is added to a port that is asked for.
    init(offset: UInt16 = 0) throws {
        let bits = UInt32.random(in: 0x7F01_0000..<0x7FFF_0000) | 1
        address = .v4(bits)
        let requests = requests
        server = try UDPTestServer(address: bits, port: 5351) { datagram in
            guard let request = Request(datagram) else { return nil }
            requests.update { $0.append(request) }
            // Version, 128 + operation, result, epoch, inside port, outside port, lifetime.
            var answer: [UInt8] = [0, request.isTCP ? 130 : 129, 0, 0, 0, 0, 0, 1]
            answer.appendBigEndian(request.port)
            answer.appendBigEndian(request.seconds == 0 ? 0 : request.port &+ offset)
            answer.appendBigEndian(request.seconds)
            return answer
        }
    }

    /// What it was asked, once that is so much.
    func received(_ count: Int) async throws -> [Request] {
        try await blocking { [requests] in
            requests.wait(until: .later) { $0.count >= count ? $0 : nil } ?? []
        }
    }
}

extension NATPMPTestGateway.Request {
    /// From a datagram; nil where it asks for nothing.
    fileprivate init?(_ datagram: ArraySlice<UInt8>) {
        guard datagram.count == 12, datagram[0] == 0, [1, 2].contains(datagram[1]) else {
            return nil
        }
        self.init(
            isTCP: datagram[1] == 2, port: UInt16(datagram[4]) << 8 | UInt16(datagram[5]),
            seconds: datagram[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
}
