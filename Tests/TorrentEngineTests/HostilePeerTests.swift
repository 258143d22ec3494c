import Foundation
import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Readers get right bytes whatever peers do", .serialized, .timeLimit(.minutes(10)))
struct HostilePeerTests {
    enum Trouble: CaseIterable, Sendable {
        case garbage, silence, wrongTorrent, closesAtOnce, closesAfterHandshake, closesAfterHave
        case closesAtRequest, closesInsideBlock, unrequestedBlock, wrongHave, hugeMessage
    }

    private static func play(_ trouble: Trouble, _ seed: ScriptedSeed, _ wire: Wire) throws {
        switch trouble {
        case .garbage: try wire.send([UInt8](repeating: 0x55, count: 4096))
        case .silence: wire.drain()
        case .wrongTorrent:
            try wire.sendHandshake(try #require(SHA1Digest([UInt8](repeating: 7, count: 20))))
        case .closesAtOnce: return
        case .closesAfterHandshake:
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash)
        case .closesAfterHave: try seed.greet(wire)
        case .closesAtRequest:
            try seed.greet(wire)
            try wire.send(.unchoke)
            _ = try wire.nextRequest()
        case .closesInsideBlock:
            try seed.greet(wire)
            try wire.send(.unchoke)
            let request = try wire.nextRequest()
            try wire.send(.piece(request), payload: Array(seed.garbage(request)[..<1000]))
        case .unrequestedBlock:
            try seed.greet(wire)
            let block = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16384)
            try wire.send(.piece(block), payload: seed.garbage(block))
            try seed.serve(wire)
        case .wrongHave:
            try seed.greet(wire)
            try wire.send(.have(PieceIndex(seed.pieceCount)))
        case .hugeMessage:
            try seed.greet(wire)
            try wire.send([0xFF, 0xFF, 0xFF, 0xFF, 20, 3])
        }
    }

    @Test(arguments: Trouble.allCases)
    func `one odd peer beside a good one changes nothing`(trouble: Trouble) async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 300_000])
        let seed = ScriptedSeed(swarmlet)
        let odd = try ScriptedPeer { wire, _ in try Self.play(trouble, seed, wire) }
        let good = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [odd.port, good.listenPort])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
    }

    @Test func `a peer that corrupts is dropped, and its pieces come from others`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let isBanned = Signal()
        let bad = try ScriptedPeer { wire, number in
            #expect(number == 0, "it is dialled again")
            try seed.greet(wire, id: "-XX0001-corrupting00")
            try wire.send(.unchoke)
            while let request = try? wire.nextRequest() {
                try? wire.send(.piece(request), payload: seed.garbage(request))
            }
            isBanned.fire()
        }
        let good = try ScriptedPeer { wire, _ in
            try seed.greet(wire)
            isBanned.wait()
            try seed.serve(wire)
        }
        let reader = try await swarmlet.session(peers: [bad.port, good.port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        #expect(try await isBanned.hasFired())
        await swarmlet.end()
    }

    @Test func `a block that stalls half way is overtaken, and its rest harms nobody`() async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let (isStalled, isOvertaken, isSent) = (Signal(), Signal(), Signal())
        let slow = try ScriptedPeer { wire, _ in
            try seed.greet(wire, id: "-XX0001-stalling0000")
            try wire.send(.unchoke)
            let request = try wire.nextRequest()
            try wire.send(.piece(request), payload: Array(seed.garbage(request)[..<5000]))
            isStalled.fire()
            isOvertaken.wait()
            try wire.send(Array(seed.garbage(request)[5000...]))
            isSent.fire()
            try seed.serve(wire)
        }
        let good = try ScriptedPeer { wire, number in
            #expect(number == 0, "it took the blame")
            try seed.greet(wire)
            isStalled.wait()
            try wire.send(.unchoke)
            var firstPiece: Set<Int32> = []
            while let request = try? wire.nextRequest() {
                try seed.answer(wire, request)
                if request.piece == PieceIndex(0) { firstPiece.insert(request.begin) }
                if firstPiece.count == 2 { isOvertaken.fire() }
            }
        }
        let reader = try await swarmlet.session(peers: [slow.port, good.port])
        let torrent = try await swarmlet.add(to: reader)
        let head = try await swarmlet.read(torrent, "big", count: 1000)
        #expect(head == swarmlet.files["big"]?[..<1000])
        #expect(try await isSent.hasFired())
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }

    @Test func `liars about the metadata do not keep it from a reader`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let isAsked = Signal()
        let liar = try ScriptedPeer { wire, _ in
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash, reserved: [.fast, .extensionProtocol])
            try wire.send(.haveNone)
            var offer = ExtensionHandshake()
            offer.metadataID = 9
            offer.metadataSize = MetadataMessage.maximumSize
            try wire.send(.extended(0, offer.encoded()))
            let junk = [UInt8](repeating: 1, count: MetadataMessage.pieceLength)
            isAsked.fire()
            for piece in 0..<16 {
                let answer = MetadataMessage.data(
                    piece: piece, totalSize: MetadataMessage.maximumSize, bytes: junk)
                try wire.send(.extended(ExtensionID.metadata, answer.encoded()))
            }
            wire.drain()
        }
        let good = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [liar.port, good.listenPort])
        let identity = swarmlet.metainfo.info.identity
        let torrent = try await reader.add(.identity(identity)) { _ in }
        #expect(try await isAsked.hasFired())
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }

    @Test func `a hybrid is read from a peer that knows v1 only`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000], version: .hybrid)
        let seed = ScriptedSeed(swarmlet)
        let v1 = swarmlet.metainfo.info.identity.v1
        let old = try ScriptedPeer { wire, _ in
            try wire.readHandshake()
            #expect(wire.remote?.infoHash == v1)
            try wire.sendHandshake(seed.hash, reserved: [])
            let all = Bitfield(count: seed.pieceCount, allSet: true)
            try wire.send(.bitfield(all.wireBytes))
            try seed.serve(wire)
        }
        let reader = try await swarmlet.session(peers: [old.port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
    }
}
