import PeerProtocol
import Testing
import TorrentCore

@Suite("Hashes of Merkle trees (BEP 52)")
struct HashTests {
    private static let v1 = SHA1Digest(Array(repeating: UInt8(0x11), count: 20))
    private static let v2 = SHA256Digest(Array(repeating: UInt8(0x33), count: 32))

    private static func identity(hasV1: Bool = false) throws -> TorrentIdentity {
        TorrentIdentity(v2: try #require(v2), v1: hasV1 ? v1 : nil)
    }

    private static func open() throws -> Connection {
        let identity = try identity()
        let connection = Connection()
        let hash = try #require(identity.v2).truncated
        _ = connection.receive(bytes: Connection.handshake([], hash: hash).bytes)
        connection.machine.accept(
            identity: identity, geometry: Connection.geometry, have: nil, metadataSize: nil,
            now: .zero)
        _ = connection.output()
        return connection
    }

    private static func hashes(_ request: HashRequest) -> [UInt8] {
        Array(repeating: 9, count: request.hashCount * 32)
    }

    @Test func `messages have the bytes that BEP 52 gives them`() throws {
        var bytes: [UInt8] = []
        PeerMessageEncoder.append(.hashRequest(hashRequest(layer: 3, 8, 4, proof: 5)), to: &bytes)
        #expect(bytes[..<5] == [0, 0, 0, 49, 21])
        #expect(bytes[5..<37] == Array(0..<32)[...])
        #expect(bytes[37...] == [0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0, 5])
    }

    @Test func `the hashes of a request and its uncles are counted as BEP 52 counts them`() {
        // A pair of leaves and 5 uncles lead to the hash of a piece of 64 blocks.
        #expect(hashRequest(2, 2, proof: 5).hashCount == 7)
        #expect(hashRequest(2, 2, proof: 5).provenLayer == 6)
        #expect(hashRequest(0, 64, proof: 5).hashCount == 64)
        #expect(hashRequest(0, 64, proof: 5).provenLayer == 6)
        #expect(hashRequest(4, 4, proof: 0).hashCount == 4)
    }

    @Test(arguments: [
        hashRequest(1, 2), hashRequest(0, 1), hashRequest(0, 0), hashRequest(0, 3),
        hashRequest(0, 1024), hashRequest(layer: .max, 0, 2), hashRequest(0, 2, proof: .max),
        hashRequest(.max, 2),
    ])
    func `a request that makes no sense is rejected`(_ request: HashRequest) throws {
        let connection = try Self.open()
        #expect(connection.receive(.hashRequest(request)).isEmpty)
        #expect(connection.sent() == [.hashReject(request)])
    }

    @Test func `a tree has only the hashes that it has`() {
        #expect(hashRequest(4, 4, proof: 2).fits(height: 3))
        #expect(!hashRequest(8, 4, proof: 2).fits(height: 3))
        #expect(!hashRequest(4, 4, proof: 3).fits(height: 3))
        #expect(!hashRequest(layer: 3, 0, 2, proof: 0).fits(height: 3))
        #expect(!hashRequest(0, 2, proof: 0).fits(height: 0))
    }

    @Test func `a request is answered once`() throws {
        let connection = try Self.open()
        let request = hashRequest()
        #expect(connection.receive(.hashRequest(request)) == [.hashesRequested(request)])
        #expect(connection.receive(.hashRequest(request)).isEmpty)
        connection.machine.sendHashes(request, Self.hashes(request), now: connection.now)
        connection.machine.rejectHashes(request)
        #expect(connection.sent() == [.hashes(request, Self.hashes(request))])
    }

    @Test func `requests beyond those that wait are rejected, and a flood closes`() throws {
        let connection = try Self.open()
        for index in 0..<64 {
            let request = hashRequest(UInt32(index * 4))
            #expect(connection.receive(.hashRequest(request)) == [.hashesRequested(request)])
        }
        let late = hashRequest(4096)
        #expect(connection.receive(.hashRequest(late)).isEmpty)
        #expect(connection.sent() == [.hashReject(late)])
        var reason: PeerCloseReason?
        for _ in 0..<2000 where reason == nil {
            reason = connection.receive(.hashRequest(late)).closeReason
        }
        #expect(reason == .requestFlood)
    }

    @Test func `the answer to a request reaches the owner`() throws {
        let connection = try Self.open()
        let (first, second) = (hashRequest(0), hashRequest(4))
        connection.machine.requestHashes(first)
        connection.machine.requestHashes(second)
        #expect(connection.sent() == [.hashRequest(first), .hashRequest(second)])
        #expect(connection.receive(.hashReject(second)) == [.hashesRejected(second)])
        #expect(
            connection.receive(.hashes(first, Self.hashes(first)))
                == [.hashesArrived(first, Self.hashes(first))])
    }

    @Test func `hashes that nobody asked for are dropped, and many of them close`() throws {
        let connection = try Self.open()
        let request = hashRequest()
        var reason: PeerCloseReason?
        var count = 0
        while reason == nil, count < 100 {
            let actions = connection.receive(.hashes(request, Self.hashes(request)))
            reason = actions.closeReason
            #expect(actions.count == (reason == nil ? 0 : 1))
            count += 1
        }
        #expect(reason == .unrequested && count > 10)
    }

    @Test func `more or fewer hashes than were asked for close`() throws {
        for change in [-1, 1] {
            let connection = try Self.open()
            let request = hashRequest()
            connection.machine.requestHashes(request)
            let wrong = [UInt8](repeating: 9, count: (request.hashCount + change) * 32)
            #expect(connection.receive(.hashes(request, wrong)).closeReason == .invalidHashes)
        }
    }

    @Test func `a message with more hashes than any answer has closes at its head`() throws {
        let connection = try Self.open()
        let length = 49 + (HashRequest.maximumHashes + 1) * 32
        let head = [0, 0, UInt8(length >> 8), UInt8(length & 255), 22]
        #expect(
            connection.receive(bytes: head).closeReason
                == .wrongLength(message: 22, length: UInt32(length)))
    }

    // MARK: - Upgrades

    @Test func `a hybrid's v1 peer that offers it is upgraded`() throws {
        let identity = try Self.identity(hasV1: true)
        let v1 = try #require(identity.v1)
        for offers in [true, false] {
            let connection = Connection()
            _ = connection.receive(
                bytes: Connection.handshake(offers ? [.hybrid] : [], hash: v1).bytes)
            connection.machine.accept(
                identity: identity, geometry: Connection.geometry, have: nil, metadataSize: nil,
                now: .zero)
            let answer = try Handshake(parsing: Array(connection.output().prefix(68)).span)
            #expect(answer.infoHash == (offers ? identity.v2?.truncated : v1))
            #expect(connection.machine.supportsHashes == offers)
            let actions = connection.receive(.hashRequest(hashRequest()))
            #expect(actions.closeReason == (offers ? nil : .notNegotiated(message: 21)))
        }
    }

    @Test func `we offer the upgrade of a hybrid, and take either answer`() throws {
        let identity = try Self.identity(hasV1: true)
        for (answer, isV2) in [(identity.v2?.truncated, true), (identity.v1, false)] {
            let connection = Connection(role: .outgoing(identity))
            let offer = try Handshake(parsing: connection.output().span)
            #expect(offer.reserved.contains(.hybrid) && offer.infoHash == identity.v1)
            let hash = try #require(answer)
            _ = connection.receive(bytes: Connection.handshake([], hash: hash).bytes)
            connection.machine.accept(
                identity: identity, geometry: Connection.geometry, have: nil, metadataSize: nil,
                now: .zero)
            #expect(connection.machine.supportsHashes == isV2)
        }
    }

    @Test func `a peer of a hybrid's v2 swarm is met by the v2 hash, and answers with it`() throws {
        let identity = try Self.identity(hasV1: true)
        let (v1, v2) = (try #require(identity.v1), try #require(identity.v2).truncated)
        for (answer, isRight) in [(v2, true), (v1, false)] {
            let connection = Connection(role: .outgoing(identity, by: v2))
            let offer = try Handshake(parsing: connection.output().span)
            #expect(!offer.reserved.contains(.hybrid) && offer.infoHash == v2)
            let actions = connection.receive(bytes: Connection.handshake([], hash: answer).bytes)
            #expect(actions.closeReason == (isRight ? nil : .wrongInfoHash))
        }
    }
}
