import TorrentCore
import UTPProtocol

/// Datagrams to a socket table with connections in every state. The input is cut into datagrams by
/// length bytes; each comes once as it is, and once with the numbers of the last packet that the
/// table has sent, so that it passes for the peer's.
enum UTPFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        guard let endpoint = Endpoint("1.2.3.4:80") else { return }
        var random = SeededRandom(seed: 1)
        let table = UTPSocketTable { random.next() }
        var now = Timestamp.zero + .seconds(1)
        var connections: [UTPConnection] = []
        if let connection = table.connect(to: endpoint, now: now) { connections.append(connection) }
        var last: UTPPacket?
        var reader = ByteReader(bytes)
        while let length = reader.read(UInt8.self) {
            var datagram = reader.readBytes(min(Int(length), reader.remaining)) ?? []
            table.transmit(now: now) { bytes, _, _ in
                last = UTPPacket(Span(_unsafeBytes: bytes)) ?? last
                return true
            }
            receive(datagram, table, endpoint, &connections, now)
            if let last, datagram.count >= 20 {
                patch(&datagram, like: last)
                receive(datagram, table, endpoint, &connections, now)
            }
            drive(connections, table, datagram, now)
            now = now + .milliseconds(Int64(length) * 8)
            table.timersFired(now: now) { _ in }
        }
    }

    private static func receive(
        _ datagram: [UInt8], _ table: UTPSocketTable, _ endpoint: Endpoint,
        _ connections: inout [UTPConnection], _ now: Timestamp
    ) {
        let arrival = table.received(datagram.span, from: endpoint, now: now)
        if case .accepted(let connection) = arrival { connections.append(connection) }
    }

    /// The id that the peer's packets carry, and numbers near those that it may use.
    private static func patch(_ datagram: inout [UInt8], like packet: UTPPacket) {
        let isAnswer = packet.kind == .syn || datagram[2] & 1 == 0
        let id = packet.connectionID &+ (isAnswer ? 0 : datagram[2] & 2 == 0 ? 1 : .max)
        let sequence = packet.acknowledgement + 1 + Int(datagram[16] & 7)
        let acknowledgement = packet.sequence - Int(datagram[18] & 3)
        for (offset, value) in [
            (2, id), (16, sequence.rawValue), (18, acknowledgement.rawValue),
        ] {
            datagram[offset] = UInt8(value >> 8)
            datagram[offset + 1] = UInt8(truncatingIfNeeded: value)
        }
    }

    private static func drive(
        _ connections: [UTPConnection], _ table: UTPSocketTable, _ datagram: [UInt8],
        _ now: Timestamp
    ) {
        for connection in connections {
            datagram.withUnsafeBytes { _ = connection.write($0) }
            var room = [UInt8](repeating: 0, count: 300)
            room.withUnsafeMutableBytes { _ = connection.read(into: $0) }
            if datagram.last == 0xFF { connection.close(now: now) }
            if datagram.last == 0xFE { connection.abort() }
            precondition(connection.readableCount <= 2 * UTPConnection.receiveLimit)
            table.schedule(connection)
        }
    }
}
