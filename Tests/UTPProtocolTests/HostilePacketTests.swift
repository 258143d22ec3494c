import Testing
import TorrentCore
import UTPProtocol

@Suite("Strangers' packets")
struct HostilePacketTests {
    private let host = Host("10.0.0.2:2000", seed: 2)
    private let peer = Host("10.0.0.1:1000", seed: 1)
    private let stranger = Host("10.6.6.6:666", seed: 6)

    private static func endpoint(_ number: Int) -> Endpoint {
        Endpoint(address: .v4(0x0B00_0000 + UInt32(number)), port: 5000)
    }

    private func open() throws -> (ours: UTPConnection, theirs: UTPConnection) {
        let theirs = try #require(peer.table.connect(to: host.endpoint, now: peer.now))
        Host.exchange(peer, host)
        _ = theirs.write([1])
        peer.table.schedule(theirs)
        Host.exchange(peer, host)
        return (try #require(host.accepted.last), theirs)
    }

    @Test func `a SYN is answered by one packet no longer than itself, and nothing after`() {
        let syn = Host.packet(.syn, id: 9, sequence: 5, acknowledgement: 0)
        host.receive(syn, from: stranger.endpoint)
        let answers = host.transmit()
        #expect(answers.map(\.count) == [20])
        #expect(host.wait(.seconds(120)).isEmpty)
        #expect(host.table.count == 0)
    }

    @Test func `a flood of SYNs takes a bounded number of places`() {
        for number in 0..<10_000 {
            let syn = Host.packet(.syn, id: UInt16(number), sequence: 5, acknowledgement: 0)
            host.receive(syn, from: Self.endpoint(number))
        }
        #expect(host.table.halfOpenCount == UTPSocketTable.halfOpenLimit)
        #expect(host.transmit().count == UTPSocketTable.halfOpenLimit)
        for id in 0..<1000 as Range<UInt16> {
            let syn = Host.packet(.syn, id: id * 2, sequence: 5, acknowledgement: 0)
            host.receive(syn, from: stranger.endpoint)
        }
        #expect(host.table.halfOpenCount <= UTPSocketTable.halfOpenLimit)
        #expect(host.table.count == 0)
    }

    @Test func `one address gets few places, and others keep theirs`() throws {
        let theirs = try #require(peer.table.connect(to: host.endpoint, now: peer.now))
        for bytes in peer.transmit() { host.receive(bytes, from: peer.endpoint) }
        for id in 0..<1000 as Range<UInt16> {
            let syn = Host.packet(.syn, id: id * 2, sequence: 5, acknowledgement: 0)
            host.receive(syn, from: stranger.endpoint)
        }
        #expect(host.table.halfOpenCount == UTPSocketTable.halfOpenPerAddress + 1)
        Host.exchange(peer, host)
        _ = theirs.write([1])
        peer.table.schedule(theirs)
        Host.exchange(peer, host)
        #expect(host.accepted.count == 1)
    }

    @Test func `who has not seen the answer is not connected`() throws {
        let syn = Host.packet(.syn, id: 9, sequence: 5, acknowledgement: 0)
        host.receive(syn, from: stranger.endpoint)
        let answer = try #require(host.transmit().first.flatMap(Host.parse))
        let right = (answer.sequence - 1).rawValue
        for guess in [right &+ 1, right &- 1, 0, 77] {
            let data = Host.packet(.data, id: 10, sequence: 6, acknowledgement: guess)
            host.receive(data, payload: [1], from: stranger.endpoint)
        }
        #expect(host.accepted.isEmpty)
        let data = Host.packet(.data, id: 10, sequence: 6, acknowledgement: right)
        host.receive(data, payload: [1], from: Self.endpoint(1))
        #expect(host.accepted.isEmpty)
        host.receive(data, payload: [1], from: stranger.endpoint)
        #expect(host.accepted.count == 1)
    }

    @Test func `whatever belongs to no connection gets no answer`() {
        for kind in [UTPPacketKind.data, .fin, .state, .reset] {
            let packet = Host.packet(kind, id: 9, sequence: 5, acknowledgement: 5)
            host.receive(packet, payload: [1, 2, 3], from: stranger.endpoint)
        }
        host.receive([], from: stranger.endpoint)
        host.receive([0x01], from: stranger.endpoint)
        #expect(host.transmit().isEmpty)
        #expect(host.table.nextDeadline == nil)
    }

    @Test func `a RESET counts only with the right address, id and number`() throws {
        let (ours, theirs) = try open()
        for sequence in stride(from: 0 as UInt16, through: 60_000, by: 997) {
            let far = Host.packet(
                .reset, id: ours.receiveID, sequence: sequence,
                acknowledgement: sequence | 0x0001)
            host.receive(far, from: stranger.endpoint)
        }
        let last = try #require(host.sent.last.flatMap { Host.parse($0.bytes) })
        let number = last.sequence.rawValue &- 1
        for (id, acknowledgement) in [
            (ours.receiveID &+ 100, number), (ours.receiveID, number &+ 3),
            (ours.receiveID, number &- 5000),
        ] {
            let reset = Host.packet(
                .reset, id: id, sequence: 1, acknowledgement: acknowledgement)
            host.receive(reset, from: peer.endpoint)
        }
        #expect(!ours.isFinished)
        _ = theirs
        let reset = Host.packet(
            .reset, id: ours.receiveID, sequence: 1, acknowledgement: number)
        host.receive(reset, from: peer.endpoint)
        #expect(ours.failure == .reset)
    }

    @Test func `numbers outside of the windows change nothing`() throws {
        let (ours, theirs) = try open()
        #expect(ours.readAll() == [1])
        let last = try #require(peer.sent.last.flatMap { Host.parse($0.bytes) })
        for offset in [2000, 5000, 20_000, 30_000] as [UInt16] {
            for kind in [UTPPacketKind.data, .fin] {
                let packet = Host.packet(
                    kind, id: ours.receiveID, sequence: last.sequence.rawValue &+ offset,
                    acknowledgement: last.acknowledgement.rawValue)
                host.receive(packet, payload: [6], from: peer.endpoint)
                let unsent = Host.packet(
                    .data, id: ours.receiveID, sequence: last.sequence.rawValue &+ 1,
                    acknowledgement: last.acknowledgement.rawValue &+ offset)
                host.receive(unsent, payload: [6], from: peer.endpoint)
            }
        }
        #expect(!ours.isReadable)
        _ = theirs.write([2, 3])
        peer.table.schedule(theirs)
        Host.exchange(peer, host)
        #expect(ours.readAll() == [2, 3])
    }

    @Test func `packets after a missing one are kept within bounds`() throws {
        let (ours, _) = try open()
        _ = ours.readAll()
        _ = host.transmit()
        let last = try #require(peer.sent.last.flatMap { Host.parse($0.bytes) })
        for offset in 2..<3000 as Range<UInt16> {
            let packet = Host.packet(
                .data, id: ours.receiveID, sequence: last.sequence.rawValue &+ offset,
                acknowledgement: last.acknowledgement.rawValue)
            host.receive(
                packet, payload: [UInt8](repeating: 6, count: 1400), from: peer.endpoint)
        }
        #expect(ours.readableCount == 0)
        let answer = try #require(host.transmit().last)
        let packet = try #require(Host.parse(answer))
        #expect(answer.count <= 20 + 2 + 128)
        #expect(Int(packet.window) < 1400)
    }

    @Test func `two connections from one endpoint do not mix`() throws {
        let first = try open()
        let second = try open()
        _ = first.ours.readAll()
        _ = second.ours.readAll()
        _ = first.theirs.write([11])
        _ = second.theirs.write([22])
        peer.table.schedule(first.theirs)
        peer.table.schedule(second.theirs)
        Host.exchange(peer, host)
        #expect(first.ours.readAll() == [11])
        #expect(second.ours.readAll() == [22])
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `random packets never stop the process`(seed: UInt64) throws {
        let (ours, _) = try open()
        var random = SeededRandom(seed: seed)
        let last = try #require(peer.sent.last.flatMap { Host.parse($0.bytes) })
        for _ in 0..<2000 {
            let kind = UTPPacketKind(rawValue: UInt8.random(in: 0...3, using: &random)) ?? .data
            var packet = Host.packet(
                kind == .reset ? .state : kind, id: ours.receiveID,
                sequence: last.sequence.rawValue &+ UInt16.random(in: 0...40, using: &random),
                acknowledgement: last.acknowledgement.rawValue
                    &+ UInt16.random(in: 0...8, using: &random))
            packet.window = UInt32(truncatingIfNeeded: random.next())
            packet.timestamp = UInt32(truncatingIfNeeded: random.next())
            packet.delay = UInt32(truncatingIfNeeded: random.next())
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
            defer { room.deallocate() }
            let bits = (0..<4 * Int.random(in: 0...8, using: &random)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            let count = packet.write(to: room, selective: bits)
            let payload = [UInt8](repeating: 1, count: Int.random(in: 0...50, using: &random))
            host.receive(Array(room[..<count]) + payload, from: peer.endpoint)
            _ = ours.write([UInt8](repeating: 2, count: Int.random(in: 0...3000, using: &random)))
            _ = host.transmit()
            _ = host.wait(.milliseconds(Int64.random(in: 0...300, using: &random)))
            _ = ours.readAll()
        }
        #expect(host.table.count <= 1)
    }
}
