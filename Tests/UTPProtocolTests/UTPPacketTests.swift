import Testing
import TorrentCore
import UTPProtocol

@Suite("Packets (BEP 29)")
struct UTPPacketTests {
    private static let packet = UTPPacket(
        kind: .data, connectionID: 0x1234, timestamp: 0x0102_0304, delay: 0x0506_0708,
        window: 0x0010_0000, sequence: UTPSequenceNumber(0xFFFE),
        acknowledgement: UTPSequenceNumber(7))

    private static func bytes(
        _ packet: UTPPacket = packet, selective: [UInt8] = [], padding: Int = 0,
        payload: [UInt8] = []
    ) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { room.deallocate() }
        let count = packet.write(to: room, selective: selective, padding: padding)
        return Array(room[..<count]) + payload
    }

    private static func parse(_ bytes: some Collection<UInt8>) -> UTPPacket? {
        UTPPacket(Array(bytes).span)
    }

    @Test func `the header is laid out as the specification says`() {
        #expect(
            Self.bytes() == [
                0x01, 0, 0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x10, 0, 0, 0xFF, 0xFE, 0, 7,
            ])
    }

    @Test(arguments: [UTPPacketKind.data, .fin, .state, .reset, .syn])
    func `what is written is read`(kind: UTPPacketKind) throws {
        var packet = Self.packet
        packet.kind = kind
        #expect(Self.parse(Self.bytes(packet)) == packet)
    }

    @Test func `a selective acknowledgement is found, and the payload behind it`() throws {
        let bytes = Self.bytes(selective: [1, 2, 3, 4, 5, 6, 7, 8], payload: [9, 9, 9])
        let packet = try #require(Self.parse(bytes))
        #expect(Array(bytes[packet.selective]) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(Array(bytes[packet.payloadStart...]) == [9, 9, 9])
    }

    @Test func `unknown extensions are skipped`() throws {
        var bytes = Self.bytes()
        bytes[1] = 77
        bytes += [1, 3, 0, 0, 0, 2, 4, 0xF, 0, 0, 0, 0, 1, 42, 200]
        let packet = try #require(Self.parse(bytes))
        #expect(Array(bytes[packet.selective]) == [0xF, 0, 0, 0])
        #expect(Array(bytes[packet.payloadStart...]) == [200])
    }

    @Test(arguments: UTPPacket.leastPadding...1300)
    func `padding is as long as asked for and is skipped`(length: Int) throws {
        let bytes = Self.bytes(padding: length, payload: [5])
        #expect(bytes.count == 20 + length + 1)
        #expect(try #require(Self.parse(bytes)).payloadStart == 20 + length)
        // libutp takes a packet for one of version 1 by its first extension too: 0, 1 or 2, which
        // has eight bytes.
        #expect(bytes[1] == 2 && bytes[21] == 8)
    }

    @Test func `a packet that is cut off anywhere in its header is none`() {
        let bytes = Self.bytes(selective: [1, 2, 3, 4], padding: 300)
        for count in bytes.indices { #expect(Self.parse(bytes[..<count]) == nil) }
        #expect(Self.parse(bytes) != nil)
    }

    @Test func `other versions and types are refused`() {
        for first in [0x00, 0x02, 0x51, 0xF1] as [UInt8] {
            var bytes = Self.bytes()
            bytes[0] = first
            #expect(Self.parse(bytes) == nil)
        }
    }

    @Test(arguments: [0, 1, 3, 4, 17, 255] as [UInt8])
    func `a selective acknowledgement may have any length, as libtorrent's have`(
        length: UInt8
    ) throws {
        var bytes = Self.bytes()
        bytes[1] = 1
        bytes += [0, length] + [UInt8](repeating: 7, count: Int(length))
        let packet = try #require(Self.parse(bytes))
        #expect(packet.selective == 22..<22 + Int(length))
        #expect(packet.payloadStart == bytes.count)
    }

    @Test func `numbers are compared around their end`() {
        let (high, low) = (UTPSequenceNumber(0xFFFF), UTPSequenceNumber(2))
        #expect(low.distance(from: high) == 3)
        #expect(high.distance(from: low) == -3)
        #expect(high + 3 == low)
        #expect(low - 3 == high)
    }
}
