import Foundation
import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Peers tell of each other (BEP 11)", .serialized, .timeLimit(.minutes(10)))
struct PeerExchangeTests {
    @Test func `a reader finds the seed through a peer that has nothing itself`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 300_000])
        let seeder = try await swarmlet.seeder()
        let middle = try await swarmlet.session(peers: [seeder.listenPort])
        _ = try await swarmlet.add(to: middle)
        let reader = try await swarmlet.session(peers: [middle.listenPort])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        await swarmlet.end()
    }

    /// A scripted peer that names `port` as another peer, and stays until `end`. `heard` fires when
    /// the other side has certainly read that.
    private static func teller(
        _ seed: ScriptedSeed, naming port: UInt16, heard: Signal = Signal(), end: Signal
    ) throws -> ScriptedPeer {
        try ScriptedPeer { wire, _ in
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash, reserved: [.fast, .extensionProtocol])
            try wire.send(.haveNone)
            let contact = Endpoint(address: .loopbackV4, port: port)
            let message = PeerExchangeMessage(added: [PeerExchangeContact(contact)])
            try wire.send(.extended(ExtensionID.peerExchange, message.encoded()))
            // What is asked for while choked is refused (BEP 6).
            let request = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16384)
            try wire.send(.request(request))
            while try wire.next() != .reject(request) {}
            heard.fire()
            end.wait()
        }
    }

    @Test func `whom a peer names is dialled`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let end = Signal()
        let named = try ScriptedPeer { wire, _ in
            try seed.greet(wire, id: "-XX0001-named0000000")
            try seed.serve(wire)
        }
        let teller = try Self.teller(seed, naming: named.port, end: end)
        let reader = try await swarmlet.session(peers: [teller.port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        end.fire()
        await swarmlet.end()
    }

    @Test func `whom a peer of a private torrent names is not`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000], isPrivate: true)
        let seed = ScriptedSeed(swarmlet)
        let end = Signal()
        let wasDialled = Locked(false)
        let named = try ScriptedPeer { _, _ in wasDialled.withLock { $0 = true } }
        let heard = Signal()
        let teller = try Self.teller(seed, naming: named.port, heard: heard, end: end)
        let seeder = try await swarmlet.seeder()
        let reader = try await swarmlet.session(peers: [teller.port, seeder.listenPort])
        let torrent = try await swarmlet.add(to: reader)
        #expect(try await heard.hasFired())
        try await swarmlet.expectWhole(torrent)
        end.fire()
        #expect(try await teller.haveEnded(1))
        await swarmlet.end()
        #expect(!wasDialled.withLock { $0 })
    }

    @Test func `a peer that tells without end is closed`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let flooder = try ScriptedPeer { wire, _ in
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash, reserved: [.fast, .extensionProtocol])
            try wire.send(.haveNone)
            let message = PeerExchangeMessage(dropped: [
                Endpoint(address: .v4(0x0909_0909), port: 5000)
            ])
            for _ in 0..<20 {
                try wire.send(.extended(ExtensionID.peerExchange, message.encoded()))
            }
            wire.drain()
        }
        let reader = try await swarmlet.session(peers: [flooder.port])
        _ = try await swarmlet.add(to: reader)
        #expect(try await flooder.haveEnded(1))
        await swarmlet.end()
    }
}
