import Reactor
import Testing
import TorrentCore

@Suite("Datagrams move in batches")
struct DatagramBatchTests {
    private static func socket(isV6: Bool) throws -> DatagramSocket {
        try DatagramSocket(Endpoint(address: isV6 ? .v6(0, 1) : .loopbackV4, port: 0))
    }

    /// Receives until `count` have come; bounded by a deadline.
    private static func receive(
        _ count: Int, from socket: DatagramSocket
    ) -> [(bytes: [UInt8], sender: Endpoint?)] {
        let batch = DatagramBatch()
        var received: [(bytes: [UInt8], sender: Endpoint?)] = []
        let deadline = Timestamp.now() + .seconds(120)
        while received.count < count, .now() < deadline {
            batch.receive(from: socket)
            for index in 0..<batch.count {
                received.append((Array(batch.bytes(index)), batch.sender(index)))
            }
        }
        return received
    }

    private static func append(_ bytes: [UInt8], to endpoint: Endpoint, in batch: DatagramBatch)
        -> Bool
    {
        bytes.withUnsafeBytes { batch.append($0, to: endpoint) }
    }

    @Test(arguments: [false, true])
    func `a full batch arrives whole, each with its sender`(isV6: Bool) throws {
        let (a, b) = (try Self.socket(isV6: isV6), try Self.socket(isV6: isV6))
        let batch = DatagramBatch()
        for number in 0..<DatagramBatch.capacity {
            #expect(Self.append([UInt8(number), 7], to: b.endpoint, in: batch))
        }
        #expect(batch.isFull)
        #expect(!Self.append([1], to: b.endpoint, in: batch))
        #expect(batch.send(over: a))
        #expect(batch.count == 0)
        let received = Self.receive(DatagramBatch.capacity, from: b)
        #expect(received.map(\.bytes) == (0..<DatagramBatch.capacity).map { [UInt8($0), 7] })
        #expect(received.allSatisfy { $0.sender == a.endpoint })
    }

    @Test func `one that is too long is not queued, and comes out empty`() throws {
        let (a, b) = (try Self.socket(isV6: false), try Self.socket(isV6: false))
        let long = [UInt8](repeating: 1, count: DatagramBatch.datagramLength + 1)
        #expect(!Self.append(long, to: b.endpoint, in: DatagramBatch()))
        #expect(a.send(long, to: b.endpoint))
        #expect(a.send([1, 2], to: b.endpoint))
        #expect(Self.receive(2, from: b).map(\.bytes) == [[], [1, 2]])
    }

    @Test func `one that the system refuses does not keep the others`() throws {
        let (a, b) = (try Self.socket(isV6: false), try Self.socket(isV6: false))
        let batch = DatagramBatch()
        // A socket on loopback has no way to other networks.
        #expect(Self.append([1], to: Endpoint(address: .v4(0xC000_0201), port: 9), in: batch))
        #expect(Self.append([2], to: b.endpoint, in: batch))
        #expect(batch.send(over: a))
        #expect(Self.receive(1, from: b).map(\.bytes) == [[2]])
    }
}
