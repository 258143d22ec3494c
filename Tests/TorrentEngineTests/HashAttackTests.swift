import Foundation
import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite(
    "Bombs of hashes cost their sender the connection, and others nothing (BEP 52)", .serialized,
    .timeLimit(.minutes(10)))
struct HashAttackTests {
    /// What a seed does to a reader.
    enum Bomb: CaseIterable, Sendable {
        /// Hashes that nobody asked for, as many as fit in a message.
        case unasked
        /// Refusals of what nobody asked for.
        case rejects
        /// A message with more hashes than any request has.
        case huge
        /// Other hashes than those asked for, or not as many.
        case tooFew, tooMany, wrong
    }

    /// What a reader does to a seed.
    enum Flood: CaseIterable, Sendable {
        /// Requests of more hashes, and of higher proofs, than a tree can have.
        case absurd
        /// Each request once, or one again and again: each is answered with 300 times its length.
        case distinct, repeated
    }

    private static let size = 4 << 20

    /// A torrent of large pieces, so that a small read takes hashes of leaves.
    private static func world() throws -> Swarmlet {
        try Swarmlet(sizes: ["big": size], pieceLength: 2 << 20, version: .v2)
    }

    /// `begun` fires when the reader knows that there is a seed.
    private static func play(
        _ bomb: Bomb, _ seed: ScriptedSeed, _ wire: Wire, begun: Signal
    ) throws {
        try seed.greet(wire)
        try wire.send(.unchoke)
        // What is asked for while choked is refused (BEP 6).
        let block = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16384)
        try wire.send(.request(block))
        while try wire.next() != .reject(block) {}
        begun.fire()
        let root = try #require(SHA256Digest([UInt8](repeating: 7, count: 32)))
        let unasked = HashRequest(
            piecesRoot: root, baseLayer: 0, index: 0, length: 512, proofLayers: 0)
        switch bomb {
        case .unasked:
            var message: [UInt8] = []
            PeerMessageEncoder.append(.hashes(unasked, hashes(512)), to: &message)
            wire.flood(message, times: 1000)
        case .rejects:
            var message: [UInt8] = []
            PeerMessageEncoder.append(.hashReject(unasked), to: &message)
            wire.flood(message, times: 1000)
        case .huge: try wire.send([0, 0xFF, 0xFF, 0xFF, 22])
        case .tooFew, .tooMany, .wrong:
            let request = try wire.nextHashRequest()
            let count = request.hashCount + (bomb == .tooFew ? -1 : bomb == .tooMany ? 1 : 0)
            try wire.send(.hashes(request, hashes(count)))
        }
    }

    private static func hashes(_ count: Int) -> [UInt8] {
        [UInt8](repeating: 9, count: count * SHA256Digest.byteCount)
    }

    @Test(arguments: Bomb.allCases)
    func `a seed that throws them is closed, and another is read from`(bomb: Bomb) async throws {
        let swarmlet = try Self.world()
        let seed = ScriptedSeed(swarmlet)
        let begun = Signal()
        let isClosed = Condition<Bool?>(nil)
        let bad = try ScriptedPeer { wire, number in
            guard number == 0 else { return }
            try? Self.play(bomb, seed, wire, begun: begun)
            let closed = wire.isClosedByPeer()
            isClosed.update { $0 = closed }
        }
        let reader = try await swarmlet.session(peers: [bad.port])
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await begun.hasFired())
        let offset = Self.size / 2 + 5000
        let reading = try swarmlet.reading(torrent, "big", offset: Int64(offset), count: 1000)
        #expect(try await blocking { isClosed.wait(until: .later) { $0 } ?? false })
        let good = try await swarmlet.session(peers: [reader.listenPort])
        try await swarmlet.seed(with: good)
        #expect(try await reading.value == swarmlet.files["big"]?[offset..<offset + 1000])
        await swarmlet.end()
    }

    @Test(arguments: Flood.allCases)
    func `a reader that asks without end is stopped, and others are served`(
        flood: Flood
    ) async throws {
        let swarmlet = try Self.world()
        let seed = ScriptedSeed(swarmlet)
        let seeder = try await swarmlet.seeder()
        let info = swarmlet.metainfo.info
        let root = try #require(info.layout.files.first.flatMap { info.layout.piecesRoot(of: $0) })
        let message = Self.requests(flood, root: root)
        let port = seeder.listenPort
        let times = 50
        let attack = try await blocking {
            Result {
                let wire = try Wire(dialling: port)
                try wire.sendHandshake(seed.hash)
                try wire.readHandshake()
                try wire.send(.haveNone)
                return Locked((wire: wire, sent: wire.flood(message, times: times)))
            }
        }.get()
        // Neither taken in nor answered for ever: it is closed, or not read from.
        #expect(attack.withLock { $0.sent } < times)
        let reader = try await swarmlet.session(peers: [port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
        withExtendedLifetime(attack) {}
    }

    /// Twenty thousand requests, a megabyte.
    private static func requests(_ flood: Flood, root: SHA256Digest) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in 0..<UInt32(20_000) {
            let request =
                switch flood {
                case .absurd:
                    HashRequest(
                        piecesRoot: root, baseLayer: .max, index: number, length: 1 << 31,
                        proofLayers: .max)
                case .distinct:
                    HashRequest(
                        piecesRoot: root, baseLayer: 0, index: number % 128 * 2, length: 2,
                        proofLayers: number / 128 % 50)
                case .repeated:
                    HashRequest(
                        piecesRoot: root, baseLayer: 0, index: 0, length: 256, proofLayers: 0)
                }
            PeerMessageEncoder.append(.hashRequest(request), to: &bytes)
        }
        return bytes
    }
}
