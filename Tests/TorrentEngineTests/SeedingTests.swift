import Foundation
import Glibc
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Serving blocks", .timeLimit(.minutes(1)))
struct SeedingTests {
    /// How a scripted peer's requests were answered.
    private struct Answers: Sendable {
        var pieces: [BlockRequest] = []
        var rejects: [BlockRequest] = []
        var wrong = 0
    }

    /// Requests of such a length, which share no border with blocks or pages, for everything.
    private static func requests(_ seed: ScriptedSeed, length: Int) -> [BlockRequest] {
        (0..<seed.pieceCount).flatMap { piece in
            let end = min(seed.pieceLength, seed.bytes.count - piece * seed.pieceLength)
            return stride(from: 0, to: end, by: length).map { begin in
                BlockRequest(
                    piece: PieceIndex(piece), begin: begin, length: min(length, end - begin))
            }
        }
    }

    /// Asks for all of these at once, takes the last `cancelCount` back, and reads until each is
    /// answered.
    private static func play(
        _ seed: ScriptedSeed, port: UInt16, _ requests: [BlockRequest], cancelCount: Int = 0,
        understandsLoss: Bool = false
    ) -> Answers {
        var answers = Answers()
        do {
            // As small as it goes: each call of the sender takes but a part of a block.
            let wire = try Wire(dialling: port, receiveBuffer: 4096)
            try wire.sendHandshake(
                seed.hash, reserved: understandsLoss ? [.fast, .extensionProtocol] : [.fast])
            try wire.readHandshake()
            if understandsLoss {
                var handshake = ExtensionHandshake()
                handshake.dontHaveID = ExtensionID.dontHave
                try wire.send(.extended(ExtensionID.handshake, handshake.encoded()))
            }
            try wire.send(.interested)
            while try wire.next() != .unchoke {}
            var bytes: [UInt8] = []
            for request in requests { PeerMessageEncoder.append(.request(request), to: &bytes) }
            for request in requests.suffix(cancelCount).reversed() {
                PeerMessageEncoder.append(.cancel(request), to: &bytes)
            }
            try wire.send(bytes)
            while answers.pieces.count + answers.rejects.count < requests.count {
                switch try wire.next() {
                case .piece(let block):
                    // The head tells no length: the payload does.
                    answers.pieces.append(block)
                    if wire.payload != seed.payload(block) { answers.wrong += 1 }
                case .reject(let block): answers.rejects.append(block)
                default: break
                }
            }
        } catch {
            answers.wrong += 1
        }
        return answers
    }

    @Test(arguments: [16_384, 10_007, 3, 32_768])
    func `a socket that takes little at a time gets every byte once`(length: Int) async throws {
        let swarmlet = try Swarmlet(sizes: ["big": length == 3 ? 1000 : 1_300_003])
        let seed = ScriptedSeed(swarmlet)
        let port = try await swarmlet.seeder().listenPort
        let requests = Self.requests(seed, length: length)
        let answers = try await blocking { Self.play(seed, port: port, requests) }
        #expect(answers.wrong == 0)
        #expect(answers.rejects.isEmpty)
        // In any order: several threads read for peers.
        #expect(answers.pieces.count == requests.count)
        #expect(Set(answers.pieces) == Set(requests))
        await swarmlet.end()
    }

    @Test func `what is taken back before the socket has it is not sent`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 6_000_000])
        let seed = ScriptedSeed(swarmlet)
        let port = try await swarmlet.seeder().listenPort
        let requests = Self.requests(seed, length: 16_384)
        #expect(requests.count > 300)
        let answers = try await blocking {
            Self.play(seed, port: port, requests, cancelCount: 300)
        }
        #expect(answers.wrong == 0)
        #expect(Set(answers.pieces + answers.rejects) == Set(requests))
        #expect(!answers.rejects.isEmpty)
        #expect(Set(answers.rejects).isSubset(of: Set(requests.suffix(300))))
        await swarmlet.end()
    }

    @Test func `what the kernel's cache does not hold comes from the disk`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 3_000_000])
        let seed = ScriptedSeed(swarmlet)
        let seeder = try await swarmlet.seeder()
        let path = swarmlet.folder.appendingPathComponent("data/set/big").path
        let file = try OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), "open")
        fsync(file.rawValue)
        posix_fadvise(file.rawValue, 0, 0, POSIX_FADV_DONTNEED)
        let requests = Self.requests(seed, length: 16_384)
        let port = seeder.listenPort
        let answers = try await blocking { Self.play(seed, port: port, requests) }
        #expect(answers.wrong == 0)
        #expect(Set(answers.pieces) == Set(requests))
        #expect(answers.pieces.count == requests.count)
        #expect(await seeder.statistics().first?.uploaded == 3_000_000)
        await swarmlet.end()
    }

    @Test func `who breaks a rule gets none of the blocks asked for in the same breath`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 1_000_000])
        let seed = ScriptedSeed(swarmlet)
        let port = try await swarmlet.seeder().listenPort
        let outside = BlockRequest(piece: PieceIndex(1000), begin: 0, length: 16_384)
        let requests = Self.requests(seed, length: 16_384).prefix(20) + [outside]
        let answers = try await blocking { Self.play(seed, port: port, Array(requests)) }
        // The end of the connection.
        #expect(answers.wrong == 1)
        #expect(answers.pieces.isEmpty && answers.rejects.isEmpty)
        await swarmlet.end()
    }

    @Test func `a file cut short while it is seeded is not served any more, and harms nobody`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 1_000_000])
        let seed = ScriptedSeed(swarmlet)
        let seeder = try await swarmlet.seeder()
        let path = swarmlet.folder.appendingPathComponent("data/set/big").path
        #expect(truncate(path, 400_000) == 0)
        let port = seeder.listenPort
        let requests = Self.requests(seed, length: 16_384).filter { $0.piece.value >= 20 }
        let answers = try await blocking {
            // Others, who cannot be told what is lost, are hung up on (see `LostPieceTests`).
            Self.play(seed, port: port, requests, understandsLoss: true)
        }
        #expect(answers.wrong == 0)
        #expect(answers.pieces.isEmpty)
        #expect(answers.rejects.count == requests.count)
        #expect(Set(answers.rejects) == Set(requests))
        #expect(await seeder.statistics().count == 1)
        await swarmlet.end()
    }
}
