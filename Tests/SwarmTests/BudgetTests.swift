import Swarm
import Testing
import TorrentCore

@Suite("Piece buffers stay within their budget")
struct BudgetTests {
    private static func world(pieces: Int, buffers: Int) -> World {
        var world = World(
            String(repeating: ".", count: 16),
            configuration: SwarmConfiguration(bufferBytes: buffers * 4 * World.block))
        world.connect(1, String(repeating: "*", count: 16))
        world.turn()
        return world
    }

    private static func open(_ log: [SwarmAction]) -> Int {
        log.reduce(0) { count, action in
            switch action {
            case .openPiece: count + 1
            case .dropPiece, .announceHave: count - 1
            default: count
            }
        }
    }

    @Test func `readahead takes at most three quarters`() {
        var world = Self.world(pieces: 16, buffers: 4)
        world.readahead(1, 0..<16)
        world.turn()
        world.machine.peerRoundTrip(PeerKey(1), .milliseconds(1))
        for _ in 0..<11 { world.answer(1) }
        #expect(Self.open(world.log) == 3)
        let opened = world.log.count { if case .openPiece = $0 { true } else { false } }
        #expect(opened == 3)
    }

    @Test func `a read may evict the readahead piece with the least progress`() {
        var world = Self.world(pieces: 16, buffers: 2)
        world.readahead(1, 0..<4)
        world.turn()
        world.answer(1)
        world.read(1, 9..<10)
        world.read(2, 10..<11)
        let actions = world.turn()
        #expect(actions.contains(.dropPiece(PieceIndex(0))))
        #expect(actions.contains(.openPiece(PieceIndex(9))))
        #expect(actions.contains(.openPiece(PieceIndex(10))))
        #expect(Self.open(world.log) == 2)
    }

    @Test func `a piece longer than the budget is opened alone`() {
        var world = World("..", configuration: SwarmConfiguration(bufferBytes: 1))
        world.connect(1, "**")
        world.turn()
        world.read(1, 0..<2)
        #expect(world.turn().contains(.openPiece(PieceIndex(0))))
        #expect(!world.log.contains(.openPiece(PieceIndex(1))))
        world.run([1: 1_000_000], for: .seconds(2))
        #expect(world.machine.have.isFull)
    }

    @Test func `memory that returns goes to the reads that wait`() {
        var world = Self.world(pieces: 16, buffers: 2)
        world.read(1, 0..<6)
        world.turn()
        world.run([1: 1_000_000], for: .seconds(5))
        #expect(world.machine.have.setCount == 6)
    }

    @Test func `a missing buffer is asked for again`() {
        var world = Self.world(pieces: 16, buffers: 4)
        world.read(1, 0..<1)
        #expect(world.turn().contains(.openPiece(PieceIndex(0))))
        world.machine.bufferUnavailable(PieceIndex(0), now: world.now)
        #expect(World.cancels(in: world.turn()).count == 4)
        world.pass(.seconds(1))
        #expect(world.log.count { $0 == .openPiece(PieceIndex(0)) } == 2)
    }

    @Test
    func `no piece is opened that there is no memory for, and some that returns is used at once`() {
        let piece = 4 * World.block
        var world = Self.world(pieces: 16, buffers: 8)
        world.machine.memoryAvailable(2 * piece, now: world.now)
        world.read(1, 0..<4)
        world.turn()
        #expect(Self.open(world.log) == 2)
        let isShort = world.machine.isShortOfMemory
        #expect(isShort)
        world.machine.memoryAvailable(0, now: world.now)
        world.turn()
        #expect(Self.open(world.log) == 2)
        world.machine.memoryAvailable(piece, now: world.now)
        #expect(world.turn().contains(.openPiece(PieceIndex(2))))
        #expect(Self.open(world.log) == 3)
    }

    @Test func `readahead leaves a quarter of the memory to reads`() {
        let piece = 4 * World.block
        var world = Self.world(pieces: 16, buffers: 8)
        world.machine.memoryAvailable(3 * piece, now: world.now)
        world.readahead(1, 0..<16)
        world.turn()
        #expect(Self.open(world.log) == 1)
        world.read(1, 9..<11)
        let actions = world.turn()
        #expect(actions.contains(.openPiece(PieceIndex(9))))
        #expect(actions.contains(.openPiece(PieceIndex(10))))
        #expect(Self.open(world.log) == 3)
    }

    @Test func `a piece is given back before anybody writes into it again`() {
        var world = Self.world(pieces: 16, buffers: 1)
        world.readahead(1, 0..<4)
        world.turn()
        let block = world.geometry.block(0, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        world.read(1, 9..<10)
        let actions = world.turn()
        let discard = actions.firstIndex(of: .discardIncoming(PeerKey(1), block))
        let drop = actions.firstIndex(of: .dropPiece(PieceIndex(0)))
        #expect(discard != nil && drop != nil)
        if let discard, let drop { #expect(discard < drop) }
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .duplicate)
    }

    @Test func `a piece that cannot be opened does not hold up those that are open`() {
        var world = World(
            "....", configuration: SwarmConfiguration(bufferBytes: 4 * World.block))
        world.connect(1, ".***")
        world.turn()
        world.read(1, 0..<1)
        world.read(2, 1..<2)
        world.turn()
        world.machine.peerDisconnected(PeerKey(1), now: world.now)
        world.turn()
        world.outstanding = [:]
        world.connect(2, "****")
        world.turn()
        world.run([2: 1_000_000], for: .seconds(2))
        #expect(world.machine.have[PieceIndex(0)])
        #expect(world.machine.have[PieceIndex(1)])
    }

    @Test func `a piece that verifies by other means gives its buffer back`() {
        var world = Self.world(pieces: 16, buffers: 4)
        world.read(1, 0..<1)
        world.turn()
        let block = world.geometry.block(0, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        world.machine.pieceVerified(PieceIndex(0), blockDigests: nil, now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.dropPiece(PieceIndex(0))))
        #expect(actions.contains(.discardIncoming(PeerKey(1), block)))
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .duplicate)
    }
}
