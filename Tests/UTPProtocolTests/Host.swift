import TorrentCore
import UTPProtocol

/// One end of a path without a clock or loss: a table, and what it has sent.
final class Host {
    let endpoint: Endpoint
    let table: UTPSocketTable
    var sent: [(bytes: [UInt8], to: Endpoint)] = []
    var accepted: [UTPConnection] = []
    var now = Timestamp.zero + .seconds(10)

    init(_ text: String, seed: UInt64) {
        endpoint = Endpoint(text) ?? Endpoint(address: .loopbackV4, port: 1)
        var random = SeededRandom(seed: seed)
        table = UTPSocketTable { random.next() }
    }

    /// What it sends now.
    func transmit() -> [[UInt8]] {
        var now: [[UInt8]] = []
        table.transmit(now: self.now) { bytes, endpoint, _ in
            now.append(Array(bytes))
            sent.append((Array(bytes), endpoint))
            return true
        }
        return now
    }

    func receive(_ bytes: [UInt8], from sender: Endpoint) {
        if case .accepted(let connection) = table.received(bytes.span, from: sender, now: now) {
            accepted.append(connection)
        }
    }

    func receive(_ packet: UTPPacket, payload: [UInt8] = [], from sender: Endpoint) {
        receive(Self.bytes(packet, payload: payload), from: sender)
    }

    /// Lets so much time pass, with timers.
    func wait(_ interval: Interval) -> [[UInt8]] {
        var sent: [[UInt8]] = []
        let end = now + interval
        while let due = table.nextDeadline, due <= end {
            now = max(now, due)
            table.timersFired(now: now) { _ in }
            sent += transmit()
        }
        now = end
        return sent
    }

    static func bytes(_ packet: UTPPacket, payload: [UInt8] = []) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { room.deallocate() }
        let count = packet.write(to: room, selective: EmptyCollection())
        return Array(room[..<count]) + payload
    }

    /// A packet with defaults that hurt nobody.
    static func packet(
        _ kind: UTPPacketKind, id: UInt16, sequence: UInt16, acknowledgement: UInt16
    ) -> UTPPacket {
        UTPPacket(
            kind: kind, connectionID: id, timestamp: 1, delay: 0, window: 1_000_000,
            sequence: UTPSequenceNumber(sequence),
            acknowledgement: UTPSequenceNumber(acknowledgement))
    }

    static func parse(_ bytes: [UInt8]) -> UTPPacket? { UTPPacket(bytes.span) }

    /// Exchanges packets until both are quiet.
    static func exchange(_ a: Host, _ b: Host) {
        while true {
            let (fromA, fromB) = (a.transmit(), b.transmit())
            if fromA.isEmpty, fromB.isEmpty { return }
            for bytes in fromA { b.receive(bytes, from: a.endpoint) }
            for bytes in fromB { a.receive(bytes, from: b.endpoint) }
        }
    }
}

extension UTPConnection {
    func write(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { write($0) } }

    func readAll() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: readableCount)
        let count = bytes.withUnsafeMutableBytes { read(into: $0) }
        return Array(bytes[..<count])
    }
}
