import Swarm
import Testing
import TorrentCore

@Suite("Reads decide what is fetched")
struct ReadSchedulingTests {
    @Test func `nothing is requested that nobody reads`() {
        var world = World("....")
        world.connect(1, "****")
        #expect(world.requests() == [])
        world.pass(.seconds(120))
        #expect(World.requests(in: world.log) == [])
    }

    @Test func `interest is declared as soon as a peer has something we lack`() {
        var world = World("*...")
        world.connect(1, "*...")
        world.connect(2, ".*..")
        let actions = world.turn()
        #expect(!actions.contains(.setInterested(PeerKey(1), true)))
        #expect(actions.contains(.setInterested(PeerKey(2), true)))
        world.machine.peerHave(PeerKey(1), PieceIndex(3), now: world.now)
        #expect(world.turn() == [.setInterested(PeerKey(1), true)])
    }

    @Test func `a read opens its piece and requests its blocks in the same turn`() {
        var world = World("....")
        world.connect(1, "****")
        world.turn()
        world.read(1, 2..<3)
        let actions = world.turn()
        #expect(actions.first == .openPiece(PieceIndex(2)))
        #expect(World.requests(in: actions) == ["1:2.0", "1:2.1", "1:2.2", "1:2.3"])
    }

    @Test func `blocks of an awaited piece are striped over all peers that have it`() {
        var world = World("...", blocks: 8)
        for peer in UInt32(1)...4 { world.connect(peer, "***") }
        world.turn()
        world.read(1, 1..<2)
        let requests = world.requests()
        #expect(requests.count == 8)
        for peer in 1...4 { #expect(requests.count { $0.hasPrefix("\(peer):") } == 2) }
    }

    @Test func `a faster peer gets more of an awaited piece`() {
        var world = World("....", blocks: 32)
        world.connect(1, "****")
        world.connect(2, "****")
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        world.run([1: 2_000_000, 2: 200_000], for: .seconds(3))
        world.endRead(1)
        world.read(2, 1..<2)
        let requests = world.requests()
        let fast = requests.count { $0.hasPrefix("1:") }
        #expect(requests.count == 32)
        #expect(fast >= 24)
    }

    @Test func `a peer without the piece is not asked for it`() {
        var world = World("...")
        world.connect(1, "*.*")
        world.connect(2, ".*.")
        world.turn()
        world.read(1, 1..<2)
        #expect(world.requests().allSatisfy { $0.hasPrefix("2:1.") })
    }

    @Test func `the earlier read is served first`() {
        var world = World("....", blocks: 4)
        world.connect(1, "****", limit: 4)
        world.turn()
        world.read(1, 3..<4)
        world.read(2, 0..<1)
        #expect(world.requests() == ["1:3.0", "1:3.1", "1:3.2", "1:3.3"])
        world.answer(1)
        #expect(World.requests(in: world.log).last == "1:0.0")
    }

    @Test func `reads of the same piece share its blocks`() {
        var world = World("..")
        world.connect(1, "**")
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        world.read(2, 0..<1)
        #expect(world.requests() == [])
        world.endRead(1)
        let actions = world.turn()
        #expect(World.cancels(in: actions) == [])
    }

    @Test func `the last block asks for verification and a verified piece is announced`() {
        var world = World("..", blocks: 2, peer: "**", reads: 0..<1)
        world.answer(1)
        world.answer(1)
        #expect(world.log.last == .verify(PieceIndex(0), wantsBlockDigests: false))
        world.machine.pieceVerified(PieceIndex(0), blockDigests: nil, now: world.now)
        #expect(world.turn() == [.announceHave(PieceIndex(0))])
        #expect(world.machine.have[PieceIndex(0)])
    }

    @Test func `padding is never requested and counts as there`() {
        var world = World("..", blocks: 4, isPadding: { $0.blockIndex >= 1 })
        world.connect(1, "**")
        world.turn()
        world.read(1, 0..<1)
        #expect(world.requests() == ["1:0.0"])
        world.answer(1)
        #expect(world.log.last == .verify(PieceIndex(0), wantsBlockDigests: false))
    }

    @Test func `a piece of padding alone is verified at once`() {
        var world = World("..", isPadding: { _ in true })
        world.connect(1, "**")
        world.turn()
        world.read(1, 0..<1)
        #expect(
            world.turn() == [
                .openPiece(PieceIndex(0)), .verify(PieceIndex(0), wantsBlockDigests: false),
            ])
    }

    @Test func `a seek cancels the readahead in front of the new read`() {
        var world = World(String(repeating: ".", count: 40), blocks: 8)
        world.connect(1, String(repeating: "*", count: 40))
        world.turn()
        world.readahead(1, 0..<20)
        world.turn()
        world.run([1: 500_000], for: .seconds(3))
        #expect((world.outstanding[1] ?? []).count > 2)
        world.read(1, 35..<36)
        let actions = world.turn()
        #expect(!World.cancels(in: actions).isEmpty)
        #expect(World.requests(in: actions).contains("1:35.0"))
    }

    @Test func `a background stream gets what no reader's window has a use for`() {
        let background: UInt64 = 1 << 63
        var world = World(String(repeating: ".", count: 40), blocks: 4)
        world.connect(1, String(repeating: "*", count: 40))
        world.turn()
        world.readahead(background | 5, 30..<40)
        world.readahead(1, 0..<10)
        world.readahead(background | 6, 20..<30)
        world.readahead(2, 10..<20)
        let first = world.turn().count
        world.run([1: 2_000_000], for: .seconds(20))
        #expect(world.machine.have.isFull)
        // In the order of being asked for, but for what was asked before any reader came.
        let pieces = world.log.compactMap { action -> Int? in
            guard case .openPiece(let piece) = action else { return nil }
            return piece.value
        }
        let early = pieces.prefix { $0 >= 30 }.count
        #expect(early <= first)
        let rest = pieces.dropFirst(early)
        #expect(rest.firstIndex { $0 >= 20 }.map { rest[$0...].allSatisfy { $0 >= 20 } } == true)
        #expect(Set(rest.prefix(20)) == Set(0..<20))
    }

    @Test func `streams come and go without losing their turns`() {
        var random = SeededRandom(seed: 11)
        var world = World(String(repeating: ".", count: 60), blocks: 2)
        world.connect(1, String(repeating: "*", count: 60))
        world.turn()
        for _ in 0..<400 {
            let stream = UInt64.random(in: 0..<4, using: &random)
            let first = Int.random(in: 0..<60, using: &random)
            let last = min(60, first + Int.random(in: 0..<6, using: &random))
            let bit: UInt64 = Bool.random(using: &random) ? 1 << 63 : 0
            world.readahead(stream | bit, first..<last)
            world.turn()
            world.answer(1)
            world.verifyAll()
        }
        for stream: UInt64 in 0..<4 {
            world.readahead(stream, 0..<0)
            world.readahead(stream | 1 << 63, 0..<0)
        }
        world.turn()
        world.readahead(1, 0..<30)
        world.readahead(2 | 1 << 63, 30..<60)
        world.run([1: 2_000_000], for: .seconds(20))
        #expect(world.machine.have.isFull)
    }

    @Test func `a window that collapses cancels what it requested`() {
        var world = World(String(repeating: ".", count: 8))
        world.connect(1, String(repeating: "*", count: 8))
        world.turn()
        world.readahead(1, 0..<4)
        let asked = world.requests()
        #expect(!asked.isEmpty)
        world.readahead(1, 0..<0)
        #expect(World.cancels(in: world.turn()) == asked)
    }

    @Test func `readahead stays inside its window`() {
        var world = World(String(repeating: ".", count: 12), blocks: 2)
        world.connect(1, String(repeating: "*", count: 12))
        world.turn()
        world.readahead(1, 3..<6)
        world.turn()
        world.run([1: 1_000_000], for: .seconds(5))
        let pieces = Set(
            World.requests(in: world.log).compactMap { Int($0.dropFirst(2).prefix { $0 != "." }) })
        #expect(pieces == [3, 4, 5])
        #expect(world.machine.have.setCount == 3)
    }

    @Test func `two streams advance together`() {
        var world = World(String(repeating: ".", count: 200), blocks: 4)
        world.connect(1, String(repeating: "*", count: 200))
        world.turn()
        world.readahead(1, 0..<100)
        world.readahead(2, 100..<200)
        world.turn()
        world.run([1: 2_000_000], for: .seconds(3))
        let first = world.machine.have.setCount(in: PieceIndex(0)..<PieceIndex(100))
        let second = world.machine.have.setCount(in: PieceIndex(100)..<PieceIndex(200))
        #expect(first + second > 60)
        #expect(abs(first - second) <= 24)
    }

    @Test func `a piece that nobody wants keeps its blocks for a reader that returns`() {
        var world = World("....", blocks: 8, peer: "****", reads: 0..<1)
        world.answer(1)
        world.answer(1)
        world.endRead(1)
        let actions = world.turn()
        #expect(World.cancels(in: actions).count == 6)
        #expect(!actions.contains(.dropPiece(PieceIndex(0))))
        for request in [2, 3, 4, 5, 6, 7] {
            world.machine.requestRejected(
                PeerKey(1), world.geometry.block(request, of: PieceIndex(0)), now: world.now)
        }
        world.read(2, 0..<1)
        #expect(world.requests().sorted() == (2...7).map { "1:0.\($0)" })
    }

    @Test func `a piece that nobody wants is given back after a while`() {
        var world = World("....", blocks: 8, peer: "****", reads: 0..<1)
        world.answer(1)
        world.endRead(1)
        world.pass(.seconds(29))
        #expect(!world.log.contains(.dropPiece(PieceIndex(0))))
        world.pass(.seconds(3))
        #expect(world.log.contains(.dropPiece(PieceIndex(0))))
    }

    @Test func `a lost piece that a read still waits for is fetched again`() {
        var world = World("*.", blocks: 1)
        world.connect(1, "**")
        world.turn()
        world.read(1, 0..<2)
        #expect(world.requests() == ["1:1.0"])
        world.machine.pieceLost(PieceIndex(0), now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.announceLost(PieceIndex(0))))
        #expect(World.requests(in: actions) == ["1:0.0"])
    }

    @Test func `a window reaches hundreds of blocks on a fast path`() {
        var world = World(String(repeating: ".", count: 400), blocks: 64)
        world.connect(1, String(repeating: "*", count: 400), limit: 2000)
        world.turn()
        world.readahead(1, 0..<300)
        world.turn()
        world.run([1: 800_000_000], for: .milliseconds(200))
        #expect((world.outstanding[1] ?? []).count >= 300)
        #expect((world.outstanding[1] ?? []).count <= 500)
    }

    @Test func `a slow peer's window stays shallow`() {
        var world = World(String(repeating: ".", count: 400), blocks: 64)
        world.connect(1, String(repeating: "*", count: 400))
        world.turn()
        world.readahead(1, 0..<300)
        world.turn()
        world.run([1: 300_000], for: .seconds(20))
        #expect((world.outstanding[1] ?? []).count <= 12)
        #expect((world.outstanding[1] ?? []).count >= 2)
    }

    @Test func `why a read waits is said in words`() {
        var world = World("...")
        let pieces = PieceIndex(0)..<PieceIndex(2)
        #expect(world.machine.waitReason(for: pieces) == .noPeers)
        world.connect(1, "*..", unchoked: false)
        #expect(world.machine.waitReason(for: pieces) == .noPeerHas(PieceIndex(1)))
        world.connect(2, "***", unchoked: false)
        #expect(world.machine.waitReason(for: pieces) == .allChoked)
        world.machine.peerUnchoked(PeerKey(2), now: world.now)
        world.read(1, 0..<2)
        world.turn()
        #expect(world.machine.waitReason(for: pieces) == .slow(peers: 1, bytesPerSecond: 0))
        world.pass(.seconds(5))
        #expect(world.machine.waitReason(for: pieces) == .allStalled)
        #expect(
            WaitReason.noPeerHas(PieceIndex(7)).description == "no connected peer has piece 7")
    }
}
