import PeerProtocol
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite(
    "Peers that have an address of each family (BEP 7, BEP 10)", .serialized,
    .timeLimit(.minutes(10)))
struct TwinTests {
    private static let loopbackV6 = IPAddress.v6(0, 1)

    /// The handshake of a peer at a port of 127.0.0.1 and ::1, which tells of both.
    private static func handshake(port: UInt16) -> [UInt8] {
        var handshake = ExtensionHandshake()
        handshake.listenPort = port
        handshake.addressV4 = .loopbackV4
        handshake.addressV6 = loopbackV6
        return handshake.encoded()
    }

    /// Two listeners at one port, of which the first one was there already.
    private static func pair(
        _ first: @escaping @Sendable (Wire, UInt16) throws -> Void,
        _ second: @escaping @Sendable (Wire) throws -> Void
    ) throws -> (ScriptedPeer, ScriptedPeer) {
        let port = Locked<UInt16>(0)
        let one = try ScriptedPeer { wire, _ in try first(wire, port.withLock { $0 }) }
        port.withLock { $0 = one.port }
        return (one, try ScriptedPeer(port: one.port, isV6: true) { wire, _ in try second(wire) })
    }

    @Test func `a peer that is gone at one is found at the other`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let (first, second) = try Self.pair { wire, port in
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash, reserved: [.fast, .extensionProtocol])
            try wire.send(.haveAll)
            try wire.send(.extended(ExtensionID.handshake, Self.handshake(port: port)))
        } _: { wire in
            try seed.greet(wire)
            try seed.serve(wire)
        }
        let reader = try await swarmlet.session(peers: [first.port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        _ = second
        await swarmlet.end()
    }

    @Test func `while it is connected at one, it is not dialled at the other`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let wasDialled = Locked(false)
        let (first, second) = try Self.pair { wire, port in
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash, reserved: [.fast, .extensionProtocol])
            try wire.send(.haveAll)
            try wire.send(.extended(ExtensionID.handshake, Self.handshake(port: port)))
            try seed.serve(wire)
        } _: { _ in
            wasDialled.withLock { $0 = true }
        }
        let reader = try await swarmlet.session(peers: [first.port])
        try await swarmlet.expectWhole(swarmlet.add(to: reader))
        #expect(!wasDialled.withLock { $0 })
        _ = second
        await swarmlet.end()
    }

    @Test func `of two connections that say they are one peer's, the younger is closed`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let session = try await Self.listener(swarmlet)
        let port = session.listenPort
        let older = try await blocking {
            Result {
                let older = try Self.dial(port, seed, isV6: false)
                try Self.synchronise(older)
                try Self.dial(port, seed, isV6: true).drain()
                try Self.synchronise(older)
                return Locked(older)
            }
        }.get()
        #expect(await session.statistics().first?.peers == 1)
        _ = older
        await swarmlet.end()
    }

    /// Somebody may borrow the name and the address of a peer, to have its connection closed.
    @Test func `one that only borrows the other's name harms nobody`() async throws {
        let swarmlet = try Swarmlet(sizes: ["big": 200_000])
        let seed = ScriptedSeed(swarmlet)
        let session = try await Self.listener(swarmlet)
        let port = session.listenPort
        let both = try await blocking {
            Result {
                let honest = try Self.dial(port, seed, isV6: false, tells: false)
                try Self.synchronise(honest)
                let liar = try Self.dial(port, seed, isV6: true)
                try Self.synchronise(liar)
                try Self.synchronise(honest)
                return Locked([honest, liar])
            }
        }.get()
        #expect(await session.statistics().first?.peers == 2)
        _ = both
        await swarmlet.end()
    }

    /// A session that has the torrent and listens on both families.
    private static func listener(_ swarmlet: Swarmlet) async throws -> Session {
        let session = try await swarmlet.session {
            $0.listen = [ListenAddress(address: nil, port: 0)]
        }
        _ = try await swarmlet.add(to: session)
        return session
    }

    /// Dials the session, under a name that comes before its own.
    private static func dial(
        _ port: UInt16, _ seed: ScriptedSeed, isV6: Bool, tells: Bool = true
    ) throws -> Wire {
        let wire = try Wire(dialling: port, isV6: isV6)
        try wire.sendHandshake(
            seed.hash, id: "-AA0001-scripted0000", reserved: [.fast, .extensionProtocol])
        try wire.readHandshake()
        try wire.send(.haveNone)
        var silent = ExtensionHandshake()
        silent.listenPort = 5000
        try wire.send(
            .extended(ExtensionID.handshake, tells ? handshake(port: 5000) : silent.encoded()))
        return wire
    }

    /// Returns when the other side has read everything so far: it refuses a request (BEP 6).
    private static func synchronise(_ wire: Wire) throws {
        let request = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16384)
        try wire.send(.request(request))
        while try wire.next() != .reject(request) {}
    }
}
