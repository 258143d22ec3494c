import PeerProtocol
import Testing
import TorrentCore

@Suite("Hashes come before the blocks that were asked for after them (BEP 52)")
struct BlockOrderTests {
    /// A connection to a peer of a hybrid whose layers take so many requests.
    private static func open(layers: Int = 0) throws -> Connection {
        let v2 = try #require(SHA256Digest(Array(repeating: UInt8(0x33), count: 32)))
        let identity = TorrentIdentity(v2: v2, v1: Connection.hash)
        let connection = Connection()
        _ = connection.receive(bytes: Connection.handshake(hash: v2.truncated).bytes)
        connection.machine.accept(
            identity: identity, geometry: Connection.geometry, have: nil, metadataSize: nil,
            now: .zero)
        connection.machine.expectLayerRequests(layers)
        return connection
    }

    /// Has the peer ask for 4 hashes, and answers.
    private static func fetch(_ connection: Connection, layer: UInt32 = 1, index: UInt32) {
        let request = hashRequest(layer: layer, index * 4)
        #expect(connection.receive(.hashRequest(request)) == [.hashesRequested(request)])
        #expect(connection.machine.holdsBlocks)
        connection.machine.sendHashes(
            request, Array(repeating: 9, count: request.hashCount * 32), now: connection.now)
    }

    @Test func `blocks wait for hashes of pieces, and not for leaves`() throws {
        let connection = try Self.open()
        #expect(!connection.machine.holdsBlocks)
        _ = connection.receive(.hashRequest(hashRequest(layer: 0)))
        #expect(!connection.machine.holdsBlocks)
        Self.fetch(connection, index: 0)
        #expect(!connection.machine.holdsBlocks)
        let refused = hashRequest(layer: 1)
        _ = connection.receive(.hashRequest(refused))
        #expect(connection.machine.holdsBlocks)
        connection.machine.rejectHashes(refused)
        #expect(!connection.machine.holdsBlocks)
    }

    @Test func `the layers of a hybrid's other files are awaited, until all are there`() throws {
        let connection = try Self.open(layers: 3)
        for index in 0..<3 {
            #expect(connection.machine.holdsBlocks == (index > 0))
            Self.fetch(connection, index: UInt32(index))
        }
        #expect(!connection.machine.holdsBlocks)
    }

    @Test func `a peer that needs no others gets its blocks soon`() throws {
        let connection = try Self.open(layers: 3)
        Self.fetch(connection, index: 0)
        #expect(connection.machine.holdsBlocks)
        #expect(connection.machine.nextDeadline == .zero + .milliseconds(250))
        connection.now = connection.machine.nextDeadline
        connection.machine.timerFired(now: connection.now)
        #expect(!connection.machine.holdsBlocks)
        // And what it asks for later holds blocks up until it is answered, no longer.
        Self.fetch(connection, index: 1)
        #expect(!connection.machine.holdsBlocks)
    }

    @Test func `our own client is not waited for`() throws {
        let connection = try Self.open(layers: 3)
        connection.receiveExtensionHandshake { $0.fetchingID = 8 }
        Self.fetch(connection, index: 0)
        #expect(!connection.machine.holdsBlocks)
    }

    @Test func `of very many files the first seconds' layers are awaited`() throws {
        let connection = try Self.open(layers: 100_000)
        for index in 0..<20 {
            Self.fetch(connection, index: UInt32(index))
            #expect(connection.machine.holdsBlocks)
            connection.now = connection.now + .milliseconds(100)
            connection.machine.timerFired(now: connection.now)
        }
        #expect(!connection.machine.holdsBlocks)
    }
}
