import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Peers introduce each other (BEP 55)", .serialized, .timeLimit(.minutes(10)))
struct HolepunchTests {
    /// A scripted connection to a session, as a peer that says it listens at `listening`.
    private static func dial(
        _ port: UInt16, _ seed: ScriptedSeed, id: String, listening: UInt16
    ) throws -> Wire {
        let wire = try Wire(dialling: port)
        try wire.sendHandshake(seed.hash, id: id, reserved: [.fast, .extensionProtocol])
        try wire.readHandshake()
        try wire.send(.haveNone)
        var handshake = ExtensionHandshake()
        handshake.listenPort = listening
        handshake.holepunchID = ExtensionID.metadata
        try wire.send(.extended(ExtensionID.handshake, handshake.encoded()))
        return wire
    }

    /// Returns when the other side has read everything so far: it refuses a request (BEP 6).
    private static func synchronise(_ wire: Wire) throws {
        let request = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16384)
        try wire.send(.request(request))
        while try wire.next() != .reject(request) {}
    }

    @Test func `two peers that ask for it are told of each other`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let session = try await swarmlet.session()
        _ = try await swarmlet.add(to: session)
        let port = session.listenPort
        try await blocking {
            Result {
                let first = try Self.dial(
                    port, seed, id: "-XX0001-first0000000", listening: 5001)
                let second = try Self.dial(
                    port, seed, id: "-XX0001-second000000", listening: 5002)
                try Self.synchronise(first)
                try Self.synchronise(second)
                let target = Endpoint(address: .loopbackV4, port: 5002)
                try first.send(
                    .extended(
                        ExtensionID.holepunch, HolepunchMessage.rendezvous(target).encoded()))
                try Self.expect(.connect(target), on: first)
                try Self.expect(
                    .connect(Endpoint(address: .loopbackV4, port: 5001)), on: second)
            }
        }.get()
        await swarmlet.end()
    }

    private static func expect(_ message: HolepunchMessage, on wire: Wire) throws {
        while try wire.next() != .extended(ExtensionID.metadata, message.encoded()) {}
    }

    @Test func `whom a peer introduces is dialled over uTP`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000])
        let seed = ScriptedSeed(swarmlet)
        let reader = try await swarmlet.session()
        let torrent = try await swarmlet.add(to: reader)
        // It would be reached over TCP, too.
        let named = try await swarmlet.seeder()
        let (port, target) = (reader.listenPort, named.listenPort)
        let relay = try await blocking {
            Result {
                let relay = try Self.dial(
                    port, seed, id: "-XX0001-relay0000000", listening: 5003)
                let target = Endpoint(address: .loopbackV4, port: target)
                try relay.send(
                    .extended(ExtensionID.holepunch, HolepunchMessage.connect(target).encoded()))
                try Self.synchronise(relay)
                return Locked(relay)
            }
        }.get()
        #expect(try await swarmlet.read(torrent, "big", count: 1000).count == 1000)
        #expect(await reader.statistics().map(\.peersOverUTP) == [1])
        try await swarmlet.expectWhole(torrent)
        _ = relay
        await swarmlet.end()
    }
}
