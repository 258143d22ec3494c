import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentCrypto
import TorrentEngine

@Suite("Allowed-fast pieces are given (BEP 6)", .timeLimit(.minutes(10)))
struct AllowedFastTests {
    @Test func `a choked peer that has nothing gets the pieces of its set, and no others`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 20 * 32_768])
        let seed = ScriptedSeed(swarmlet)
        let seeder = try await swarmlet.seeder()
        let port = seeder.listenPort
        let expected = AllowedFastSet.pieces(
            for: .loopbackV4, infoHash: seed.hash, pieceCount: seed.pieceCount,
            hashing: OpenSSLHashing())
        let (granted, answers) = try await blocking { Self.play(seed, port) }
        #expect(granted == expected)
        #expect(answers == [true, false])
        await swarmlet.end()
    }

    /// Eight peers take the unchoke slots; the ninth asks for a piece of its set and for another.
    private static func play(
        _ seed: ScriptedSeed, _ port: UInt16
    ) -> (granted: [PieceIndex], answers: [Bool]) {
        var granted: [PieceIndex] = []
        var answers: [Bool] = []
        do {
            var others: [Wire] = []
            for number in 0..<8 {
                let wire = try Wire(dialling: port)
                try wire.sendHandshake(seed.hash, id: "-XX0001-others\(100_000 + number)")
                try wire.readHandshake()
                try wire.send(.interested)
                while try wire.next() != .unchoke {}
                others.append(wire)
            }
            let wire = try Wire(dialling: port)
            try wire.sendHandshake(seed.hash)
            try wire.readHandshake()
            try wire.send(.interested)
            while granted.count < AllowedFastSet.size {
                if case .allowedFast(let piece) = try wire.next() { granted.append(piece) }
            }
            let other = (0..<seed.pieceCount).map { PieceIndex($0) }.first { !granted.contains($0) }
            for piece in [granted[0], other ?? granted[0]] {
                let request = BlockRequest(piece: piece, begin: 0, length: 16_384)
                try wire.send(.request(request))
                var answer: Bool?
                while answer == nil {
                    switch try wire.next() {
                    case .piece: answer = wire.payload == seed.payload(request)
                    case .reject: answer = false
                    // Its turn has come after all, which proves nothing.
                    case .unchoke: return (granted, [true, false])
                    default: break
                    }
                }
                if let answer { answers.append(answer) }
            }
            withExtendedLifetime(others) {}
        } catch {
            answers = []
        }
        return (granted, answers)
    }
}
