import Metainfo
import Swarm
import Testing
import TorrentCore

@Suite("Reads of single blocks (BEP 52)")
struct BlockwiseTests {
    /// Pieces of 64 blocks in one file, the piece layer known.
    private static let blocks = 64
    private static let leaf = SHA256Digest(Array(repeating: UInt8(7), count: 32)) ?? .zero
    private static let tree: @Sendable (PieceIndex) -> PieceTree? = { piece in
        PieceTree(
            root: leaf, fileHeight: 8, height: 6, firstLeaf: piece.value * blocks, node: leaf)
    }

    private static func world(_ have: String = "....") -> World {
        World(have, blocks: blocks, tree: tree)
    }

    private static func hashRequests(_ actions: [SwarmAction]) -> [(PeerKey, HashRequest)] {
        actions.compactMap {
            guard case .requestHashes(let peer, let request) = $0 else { return nil }
            return (peer, request)
        }
    }

    private static func verified(_ actions: [SwarmAction]) -> [String] {
        actions.compactMap {
            guard case .verifyBlock(let request, _) = $0 else { return nil }
            return "\(request.piece).\(request.blockIndex)"
        }
    }

    private static func leaves(_ request: HashRequest) -> [SHA256Digest] {
        Array(repeating: leaf, count: Int(request.length))
    }

    /// One with peer 1, which has everything and gives hashes.
    private static func worldWithPeer() -> World {
        var world = world()
        world.connect(1, "****", hashes: true)
        world.turn()
        return world
    }

    /// Read 1 is of the first block; gives what peer 1 is asked for its sake.
    private static func readFirstBlock(_ world: inout World) throws -> HashRequest {
        world.read(1, bytes: 0..<4096)
        return try #require(hashRequests(world.turn()).first?.1)
    }

    /// Peer 1 answers with the leaves.
    private static func giveLeaves(_ request: HashRequest, _ world: inout World) {
        world.machine.leavesArrived(PeerKey(1), request, leaves(request), now: world.now)
    }

    @Test func `a small read asks for its block, and at once for its leaves`() throws {
        var world = Self.worldWithPeer()
        world.read(1, bytes: 70 * World.block + 5..<70 * World.block + 4101)
        let actions = world.turn()
        #expect(World.requests(in: actions) == ["1:1.6"])
        let (peer, request) = try #require(Self.hashRequests(actions).first)
        #expect(peer == PeerKey(1))
        #expect(request.baseLayer == 0 && request.index == 64 && request.length == 16)
        #expect(request.provenLayer == 6 && request.provenIndex == 1)
        let order = actions.indices.filter {
            switch actions[$0] {
            case .request, .requestHashes: true
            default: false
            }
        }
        #expect(order.count == 2)
        guard case .request = actions[order[0]] else { throw Failure.order }
        #expect(!actions.contains(.openPiece(PieceIndex(1))))
    }

    private enum Failure: Error { case order }

    @Test(arguments: [true, false])
    func `a block is verified when both it and its leaf are here`(leafFirst: Bool) throws {
        var world = Self.worldWithPeer()
        let request = try Self.readFirstBlock(&world)
        let begin = world.log.count
        if leafFirst {
            Self.giveLeaves(request, &world)
            world.answer(1)
        } else {
            world.answer(1)
            #expect(Self.verified(Array(world.log[begin...])).isEmpty)
            Self.giveLeaves(request, &world)
        }
        world.turn()
        #expect(Self.verified(Array(world.log[begin...])) == ["0.0"])
        // The leaves of its neighbours came with it.
        world.read(2, bytes: 3 * World.block..<3 * World.block + 10)
        let actions = world.turn()
        #expect(World.requests(in: actions) == ["1:0.3"])
        #expect(Self.hashRequests(actions).isEmpty)
    }

    @Test func `whoever sends a block that its leaf refutes is banned, and the block asked again`()
        throws
    {
        var world = Self.worldWithPeer()
        let request = try Self.readFirstBlock(&world)
        Self.giveLeaves(request, &world)
        world.answer(1)
        world.connect(2, "****", hashes: true)
        world.machine.blockVerified(
            world.geometry.block(0, of: PieceIndex(0)), isGood: false, now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.ban(PeerKey(1), .badBlock(PieceIndex(0)))))
        #expect(World.requests(in: actions) == ["2:0.0"])
    }

    @Test func `whoever sends wrong hashes is banned, and others are asked`() throws {
        var world = Self.worldWithPeer()
        let request = try Self.readFirstBlock(&world)
        world.connect(2, "****", hashes: true)
        world.machine.hashesRefuted(PeerKey(1), request, now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.ban(PeerKey(1), .badHashes)))
        #expect(Self.hashRequests(actions).map(\.0) == [PeerKey(2)])
    }

    @Test func `blocks come from v1 peers too, their leaves from a v2 peer`() throws {
        var world = Self.world()
        world.connect(1, "****")
        world.connect(2, "****", unchoked: false, hashes: true)
        world.turn()
        world.read(1, bytes: 0..<4096)
        let actions = world.turn()
        #expect(World.requests(in: actions) == ["1:0.0"])
        #expect(Self.hashRequests(actions).map(\.0) == [PeerKey(2)])
    }

    @Test func `without a peer that gives hashes, pieces are fetched whole`() {
        var world = Self.world()
        world.connect(1, "****")
        world.turn()
        world.read(1, bytes: 0..<4096)
        #expect(world.turn().contains(.openPiece(PieceIndex(0))))
    }

    @Test func `a peer that refuses leaves is asked again when its block is here`() throws {
        var world = Self.worldWithPeer()
        let request = try Self.readFirstBlock(&world)
        world.machine.hashesRejected(PeerKey(1), request, now: world.now)
        #expect(Self.hashRequests(world.turn()).isEmpty)
        let begin = world.log.count
        world.answer(1)
        #expect(Self.hashRequests(Array(world.log[begin...])).map(\.1) == [request])
        // The second time it means it: the rest of the piece is fetched, and what came is kept.
        world.machine.hashesRejected(PeerKey(1), request, now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.openPiece(PieceIndex(0))))
        #expect(!World.requests(in: actions).contains("1:0.0"))
        #expect(!actions.contains { if case .ban = $0 { true } else { false } })
    }

    /// libtorrent in seed mode: the question follows the request for the block by as long as the
    /// peer takes to hash the piece, and one round trip does for both.
    @Test func `a peer that has to read a piece first is asked for leaves as much later`() throws {
        var world = Self.worldWithPeer()
        world.read(1, bytes: 0..<4096)
        let first = try #require(Self.hashRequests(world.turn()).first?.1)
        world.pass(.milliseconds(50))
        world.machine.hashesRejected(PeerKey(1), first, now: world.now)
        world.pass(.milliseconds(8))
        var begin = world.log.count
        world.answer(1)
        #expect(Self.hashRequests(Array(world.log[begin...])).map(\.1) == [first])
        world.machine.leavesArrived(PeerKey(1), first, Self.leaves(first), now: world.now)
        world.endRead(1)
        world.turn()

        // Another piece: not before it has had those 8 ms and a quarter of them.
        world.read(2, bytes: 64 * World.block..<64 * World.block + 4096)
        begin = world.log.count
        #expect(World.requests(in: world.turn()) == ["1:1.0"])
        world.pass(.milliseconds(9))
        #expect(Self.hashRequests(Array(world.log[begin...])).isEmpty)
        world.pass(.milliseconds(1))
        let second = try #require(Self.hashRequests(Array(world.log[begin...])).first?.1)
        #expect(second.index == 64)
        world.machine.leavesArrived(PeerKey(1), second, Self.leaves(second), now: world.now)
        // The same piece again: it knows the leaves by now.
        world.answer(1)
        world.read(3, bytes: 100 * World.block..<100 * World.block + 4096)
        #expect(Self.hashRequests(world.turn()).map(\.1.index) == [96])
    }

    @Test func `a block that is here before its leaves were asked for ends the wait`() throws {
        var world = Self.worldWithPeer()
        world.read(1, bytes: 0..<4096)
        let first = try #require(Self.hashRequests(world.turn()).first?.1)
        world.machine.hashesRejected(PeerKey(1), first, now: world.now)
        world.pass(.milliseconds(100))
        world.answer(1)
        world.read(2, bytes: 64 * World.block..<64 * World.block + 4096)
        world.turn()
        world.pass(.milliseconds(20))
        let begin = world.log.count
        world.answer(1)
        #expect(Self.hashRequests(Array(world.log[begin...])).map(\.1.index) == [64])
    }

    @Test func `a peer that does not answer for hashes is passed over`() throws {
        var world = Self.worldWithPeer()
        world.read(1, bytes: 0..<4096)
        world.turn()
        world.answer(1)
        let begin = world.log.count
        world.pass(.seconds(3))
        #expect(world.log[begin...].contains(.openPiece(PieceIndex(0))))
    }

    @Test func `a readahead window makes a sparse piece whole, and cancels nothing`() {
        var world = Self.worldWithPeer()
        world.read(1, bytes: 0..<4096)
        world.turn()
        world.readahead(1, 0..<2)
        let actions = world.turn()
        #expect(actions.contains(.openPiece(PieceIndex(0))))
        #expect(World.cancels(in: actions).isEmpty)
        #expect(!World.requests(in: actions).contains("1:0.0"))
    }

    @Test func `nobody is asked for leaves of a piece that is fetched whole`() throws {
        var world = Self.worldWithPeer()
        world.connect(2, "****", hashes: true)
        _ = try Self.readFirstBlock(&world)
        world.readahead(1, 0..<1)
        #expect(world.turn().contains(.openPiece(PieceIndex(0))))
        let begin = world.log.count
        world.pass(.seconds(5))
        #expect(Self.hashRequests(Array(world.log[begin...])).isEmpty)
    }

    @Test func `a block that is read once more is handed in again`() throws {
        var world = Self.worldWithPeer()
        let request = try Self.readFirstBlock(&world)
        Self.giveLeaves(request, &world)
        world.answer(1)
        world.machine.blockVerified(
            world.geometry.block(0, of: PieceIndex(0)), isGood: true, now: world.now)
        world.endRead(1)
        world.turn()
        world.read(2, bytes: 10..<20)
        let actions = world.turn()
        #expect(Self.verified(actions) == ["0.0"])
        #expect(World.requests(in: actions).isEmpty)
    }

    @Test func `a piece of a hybrid that is padding for the most part is fetched whole`() {
        let small: @Sendable (PieceIndex) -> PieceTree? = { _ in
            PieceTree(root: Self.leaf, fileHeight: 0, height: 0, firstLeaf: 0, node: Self.leaf)
        }
        var world = World("....", blocks: Self.blocks, tree: small)
        world.connect(1, "****", hashes: true)
        world.turn()
        world.read(1, bytes: 0..<700)
        #expect(world.turn().contains(.openPiece(PieceIndex(0))))
    }

    @Test func `reads that touch much of a piece make it whole`() {
        var world = Self.worldWithPeer()
        for number in 0..<20 {
            let start = number * 3 * World.block
            world.read(UInt64(number), bytes: start..<start + 10)
            world.turn()
        }
        #expect(world.log.contains(.openPiece(PieceIndex(0))))
    }

    @Test func `when no read waits any more nothing more of the piece is fetched`() {
        var world = Self.worldWithPeer()
        world.read(1, bytes: 0..<4096)
        world.turn()
        world.endRead(1)
        #expect(World.cancels(in: world.turn()) == ["1:0.0"])
        world.read(2, bytes: 5 * World.block..<5 * World.block + 10)
        #expect(world.requests() == ["1:0.5"])
    }

    @Test func `pieces without their part of the piece layer wait for it, and get it first`() throws
    {
        let node = Locked()
        let tree: @Sendable (PieceIndex) -> PieceTree? = { piece in
            PieceTree(
                root: Self.leaf, fileHeight: 8, height: 6, firstLeaf: piece.value * Self.blocks,
                node: node.isKnown ? Self.leaf : nil)
        }
        var world = World(
            "....", blocks: Self.blocks, tree: tree,
            unverifiable: Bitfield(count: 4, allSet: true))
        world.connect(1, "****", hashes: true)
        world.turn()
        world.read(1, 0..<1)
        let actions = world.turn()
        #expect(World.requests(in: actions).isEmpty)
        let (_, request) = try #require(Self.hashRequests(actions).first)
        #expect(request.baseLayer == 6 && request.index == 0 && request.length == 4)
        #expect(request.provenLayer == 8)
        node.isKnown = true
        world.machine.layerArrived(
            PeerKey(1), request, pieces: PieceIndex(0)..<PieceIndex(4), now: world.now)
        #expect(World.requests(in: world.turn()).count > 1)
    }

    /// A flag that the closure of a test reads; one thread only.
    private final class Locked: @unchecked Sendable { var isKnown = false }

    /// Random reads, readers that leave, peers that lie about blocks or hashes, refuse or do not
    /// answer: each read ends, and no honest peer is banned.
    @Test(arguments: 1...30)
    func `every read ends among liars, and only they are banned`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var world = World(
            String(repeating: ".", count: 8), blocks: 64, tree: Self.tree)
        let all = String(repeating: "*", count: 8)
        // 1 and 2 are honest; 3 sends wrong blocks, 4 wrong hashes; 5 refuses hashes, 6 is silent
        // about them, 7 knows none.
        let liars: Set<UInt32> = [3, 4]
        for peer in 1...7 as ClosedRange<UInt32> {
            world.connect(peer, all, hashes: peer != 7)
        }
        world.turn()
        var hashes: [(PeerKey, HashRequest)] = []
        var toVerify: [(BlockRequest, PeerKey)] = []
        var senders: [BlockRequest: UInt32] = [:]
        var seen = 0
        var waiting: [UInt64: Range<Int>] = [:]
        var verifiedBlocks: Set<String> = []
        var next: UInt64 = 1
        for step in 0..<3000 {
            if step < 1500, Int.random(in: 0..<8, using: &random) == 0 {
                let start = Int.random(in: 0..<8 * 64 * World.block - 5000, using: &random)
                waiting[next] = start..<start + 4096
                world.read(next, bytes: start..<start + 4096)
                next += 1
            }
            world.turn()
            while seen < world.log.count {
                switch world.log[seen] {
                case .requestHashes(let peer, let request): hashes.append((peer, request))
                case .verifyBlock(let request, _):
                    toVerify.append((request, PeerKey(senders[request] ?? 0)))
                case .ban(let peer, _):
                    #expect(liars.contains(peer.rawValue))
                    world.outstanding[peer.rawValue] = []
                    world.machine.peerDisconnected(peer, now: world.now)
                default: break
                }
                seen += 1
            }
            let peer = UInt32.random(in: 1...7, using: &random)
            if let first = world.outstanding[peer]?.first {
                let began = world.machine.blockBegan(PeerKey(peer), first, now: world.now)
                world.outstanding[peer]?.removeFirst()
                if world.machine.blockArrived(PeerKey(peer), first, now: world.now) == .wanted {
                    senders[first] = peer
                }
                _ = began
                world.turn()
            }
            if let (peer, request) = hashes.popLast() {
                switch peer.rawValue {
                case 4: world.machine.hashesRefuted(peer, request, now: world.now)
                case 5: world.machine.hashesRejected(peer, request, now: world.now)
                case 6: break
                default:
                    world.machine.leavesArrived(
                        peer, request, Self.leaves(request), now: world.now)
                }
            }
            if let (request, sender) = toVerify.popLast() {
                let isGood = sender.rawValue != 3
                world.machine.blockVerified(request, isGood: isGood, now: world.now)
                if isGood { verifiedBlocks.insert("\(request.piece).\(request.blockIndex)") }
            }
            world.verifyAll()
            world.pass(.milliseconds(20))
            for (read, bytes) in waiting {
                let blocks = bytes.lowerBound / World.block...(bytes.upperBound - 1) / World.block
                let isThere = blocks.allSatisfy { block in
                    world.machine.have[PieceIndex(block / 64)]
                        || verifiedBlocks.contains("\(block / 64).\(block % 64)")
                }
                guard isThere else { continue }
                waiting[read] = nil
                world.endRead(read)
            }
        }
        #expect(waiting.isEmpty)
    }
}
