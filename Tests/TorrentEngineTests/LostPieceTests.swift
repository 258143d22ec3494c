import PeerProtocol
import PieceStorage
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Pieces that were evicted (BEP 54)", .serialized, .timeLimit(.minutes(1)))
struct LostPieceTests {
    /// The peer's number for `lt_donthave`.
    private static let dontHaveID: UInt8 = 7

    /// A peer that shakes hands and, with `understands`, takes `lt_donthave`.
    private static func dial(
        _ port: UInt16, _ seed: ScriptedSeed, understands: Bool, id: String
    ) throws -> Wire {
        let wire = try Wire(dialling: port)
        try wire.sendHandshake(
            seed.hash, id: id, reserved: understands ? [.fast, .extensionProtocol] : [.fast])
        try wire.readHandshake()
        return wire
    }

    private static func sendExtensions(_ wire: Wire) throws {
        var handshake = ExtensionHandshake()
        handshake.dontHaveID = dontHaveID
        try wire.send(.extended(0, handshake.encoded()))
    }

    /// What a peer is told until it knows of `count` pieces, or until the connection ends.
    private static func pieces(_ wire: Wire, until count: Int, of total: Int) -> Set<Int> {
        var known: Set<Int> = []
        while known.count != count, let message = try? wire.next() {
            switch message {
            case .haveAll: known = Set(0..<total)
            case .haveNone: known = []
            case .bitfield(let bytes):
                known = Set((0..<total).filter { bytes[$0 / 8] & 0x80 >> UInt8($0 % 8) != 0 })
            case .have(let piece): known.insert(piece.value)
            case .extended(dontHaveID, let payload):
                known.remove(payload.reduce(0) { $0 << 8 | Int($1) })
            default: break
            }
        }
        return known
    }

    /// What peers of a cache of 40 pieces, of which 30 are evicted, have heard.
    private struct Heard: Sendable {
        var modern: Set<Int> = []
        var plain: Set<Int> = []
        var eviction = EvictionResult()
        var gone: Set<Int> = []
        var plainAfterwards: Set<Int> = []
        var late: Set<Int> = []
        var again: PeerMessage?
    }

    private static func play(
        _ port: UInt16, _ seed: ScriptedSeed, _ store: PieceStore
    ) throws -> Heard {
        var heard = Heard()
        let modern = try dial(port, seed, understands: true, id: "-XX0001-modern000000")
        let plain = try dial(port, seed, understands: false, id: "-XX0001-plain0000000")
        try sendExtensions(modern)
        heard.modern = pieces(modern, until: 40, of: 40)
        heard.plain = pieces(plain, until: 40, of: 40)
        // The answer tells that the extensions before it have arrived.
        try modern.send(.interested)
        while try modern.next() != .unchoke {}

        heard.eviction = try store.evict([PieceIndex(0)..<PieceIndex(30)])
        while heard.gone.count < 30 {
            guard case .extended(dontHaveID, let payload) = try modern.next() else { continue }
            heard.gone.insert(payload.reduce(0) { $0 << 8 | Int($1) })
        }
        // Until the end of the connection.
        heard.plainAfterwards = pieces(plain, until: 1, of: 40)

        let late = try dial(port, seed, understands: true, id: "-XX0001-late00000000")
        try sendExtensions(late)
        heard.late = pieces(late, until: 10, of: 40)
        let again = try dial(port, seed, understands: false, id: "-XX0001-again0000000")
        heard.again = try again.next()
        return heard
    }

    @Test func `who understands is told, and nobody else relies on pieces that may go`()
        async throws
    {
        let swarmlet = try Swarmlet(sizes: ["big": 40 * 32_768])
        let seed = ScriptedSeed(swarmlet)
        let seeder = try await swarmlet.seeder()
        let session = try await swarmlet.session(peers: [seeder.listenPort])
        let torrent = try await swarmlet.add(to: session)
        try await swarmlet.expectWhole(torrent)
        let (port, store) = (session.listenPort, torrent.store)
        let heard = try await blocking { Result { try Self.play(port, seed, store) } }.get()
        #expect(heard.modern == Set(0..<40))
        #expect(heard.plain == Set(0..<40))
        #expect(heard.eviction.pieces == 30 && heard.eviction.piecesKept == 0)
        #expect(heard.gone == Set(0..<30))
        #expect(heard.plainAfterwards.isEmpty)
        #expect(heard.late == Set(30..<40))
        #expect(heard.again == .haveNone)
        // What was evicted can be fetched again.
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }
}
