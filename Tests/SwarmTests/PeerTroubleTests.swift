import Swarm
import Testing
import TorrentCore

@Suite("Peers that choke, stall, lie and leave")
struct PeerTroubleTests {
    @Test func `a choke without Fast voids requests and others are asked in the same turn`() {
        var world = World("...", blocks: 4)
        world.connect(1, "***", fast: false)
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        world.connect(2, "***")
        world.machine.peerChoked(PeerKey(1), now: world.now)
        #expect(world.requests() == ["2:0.0", "2:0.1", "2:0.2", "2:0.3"])
    }

    @Test func `a choke with Fast has urgent blocks asked of others at once`() {
        var world = World("...", blocks: 4, peer: "***", reads: 0..<1)
        world.connect(2, "***")
        world.machine.peerChoked(PeerKey(1), now: world.now)
        #expect(world.requests() == ["2:0.0", "2:0.1", "2:0.2", "2:0.3"])
        // What the choking peer had on its way counts all the same.
        let block = world.geometry.block(0, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .wanted)
        #expect(World.cancels(in: world.turn()) == ["2:0.0"])
    }

    @Test func `a choke with Fast waits for rejects of readahead, but not for ever`() {
        var world = World("...", blocks: 4)
        world.connect(1, "***")
        world.turn()
        world.readahead(1, 0..<1)
        world.turn()
        world.connect(2, "***")
        world.turn()
        world.machine.peerChoked(PeerKey(1), now: world.now)
        #expect(world.requests() == [])
        world.machine.requestRejected(
            PeerKey(1), world.geometry.block(0, of: PieceIndex(0)), now: world.now)
        #expect(world.requests() == ["2:0.0"])
        world.answer(2)
        world.pass(.seconds(6))
        #expect(World.requests(in: world.log).suffix(3) == ["2:0.1", "2:0.2", "2:0.3"])
    }

    @Test func `an allowed fast piece is requested while choked`() {
        var world = World("...", blocks: 2)
        world.connect(1, "***", unchoked: false)
        world.machine.peerAllowedFast(PeerKey(1), PieceIndex(1), now: world.now)
        world.turn()
        world.read(1, 0..<3)
        #expect(world.requests() == ["1:1.0", "1:1.1"])
    }

    @Test func `a lost peer's blocks are asked of others in the same turn`() {
        var world = World("...", blocks: 4, peer: "***", reads: 0..<1)
        world.answer(1)
        world.connect(2, "***")
        world.machine.peerDisconnected(PeerKey(1), now: world.now)
        #expect(world.requests() == ["2:0.1", "2:0.2", "2:0.3"])
    }

    @Test func `a stalled peer's blocks are asked of others and its late ones still count`() {
        var world = World("...", blocks: 4)
        world.connect(1, "***")
        world.turn()
        world.readahead(1, 0..<1)
        world.turn()
        world.pass(.seconds(1))
        world.connect(2, "***")
        world.pass(.seconds(2))
        #expect(
            World.requests(in: world.log).suffix(4) == ["2:0.0", "2:0.1", "2:0.2", "2:0.3"])
        let block = world.geometry.block(3, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .wanted)
    }

    @Test func `what reads wait for is asked of others as soon as a peer has gone quiet`() {
        var world = World(String(repeating: ".", count: 8), blocks: 4)
        world.connect(1, "********")
        world.turn()
        for piece in 0..<6 {
            world.read(UInt64(piece), piece..<piece + 1)
            world.turn()
            world.run([1: 1_000_000], for: .milliseconds(200))
        }
        world.connect(2, "********")
        world.turn()
        world.machine.peerChoked(PeerKey(2), now: world.now)
        world.read(6, 6..<7)
        world.turn()
        world.machine.peerUnchoked(PeerKey(2), now: world.now)
        world.turn()
        world.log = []
        world.pass(.milliseconds(300))
        #expect(World.requests(in: world.log) == ["2:6.0", "2:6.1", "2:6.2", "2:6.3"])
        // Nor is it given the next read, for which it is only probed.
        for _ in 0..<4 { world.answer(2) }
        world.verifyAll()
        world.read(7, 7..<8)
        #expect(world.requests().allSatisfy { $0.hasPrefix("2:7.") })
    }

    @Test func `bytes within a block keep a slow peer from counting as quiet`() {
        var world = World("..", blocks: 1, peer: "**", reads: 0..<1)
        let block = world.geometry.block(0, of: PieceIndex(0))
        world.pass(.milliseconds(40))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        for _ in 0..<250 {
            world.pass(.milliseconds(20))
            world.machine.peerProgressed(PeerKey(1), at: world.now)
        }
        #expect(
            world.machine.waitReason(for: PieceIndex(0)..<PieceIndex(1))
                == .slow(peers: 1, bytesPerSecond: 0))
        world.pass(.seconds(5))
        #expect(
            world.machine.waitReason(for: PieceIndex(0)..<PieceIndex(1)) == .allStalled)
    }

    @Test func `a block that is taken back for another read is still taken when it comes`() {
        var world = World(String(repeating: ".", count: 40), blocks: 8)
        world.connect(1, String(repeating: "*", count: 40))
        world.connect(2, String(repeating: "*", count: 40), unchoked: false)
        world.turn()
        world.readahead(1, 0..<20)
        world.turn()
        world.run([1: 500_000], for: .seconds(3))
        world.read(1, 35..<36)
        let cancelled = World.cancels(in: world.turn())
        #expect(!cancelled.isEmpty)
        // Nobody else is asked for it meanwhile...
        world.machine.peerUnchoked(PeerKey(2), now: world.now)
        let others = world.requests()
        #expect(!others.isEmpty)
        #expect(
            Set(others.map { $0.dropFirst(2) }).isDisjoint(with: cancelled.map { $0.dropFirst(2) }))
        let taken = world.log.compactMap { action -> BlockRequest? in
            guard case .cancel(_, let request) = action else { return nil }
            return request
        }
        guard taken.count > 1 else { return }
        #expect(world.machine.blockBegan(PeerKey(1), taken[0], now: world.now) == .direct)
        #expect(world.machine.blockArrived(PeerKey(1), taken[0], now: world.now) == .wanted)
        // ...before it is rejected, or a read waits for it.
        world.machine.requestRejected(PeerKey(1), taken[1], now: world.now)
        world.run([2: 500_000], for: .milliseconds(300))
        #expect(
            World.requests(in: world.log).contains {
                $0 == "2:\(taken[1].piece).\(taken[1].blockIndex)"
                    || $0 == "1:\(taken[1].piece).\(taken[1].blockIndex)"
            })
    }

    @Test func `three stalled peers do not keep a block from the fourth`() {
        var world = World(".", blocks: 1)
        for peer in UInt32(1)...3 { world.connect(peer, "*") }
        world.turn()
        world.readahead(1, 0..<1)
        world.turn()
        world.pass(.seconds(12))
        #expect(World.requests(in: world.log).sorted() == ["1:0.0", "2:0.0", "3:0.0"])
        world.connect(4, "*")
        #expect(world.requests() == ["4:0.0"])
    }

    @Test func `a request to a lone stalled peer is made again after its time-out`() {
        var world = World(".", blocks: 1, peer: "*", reads: 0..<1)
        world.pass(.seconds(24))
        #expect(World.requests(in: world.log).count == 1)
        world.pass(.seconds(3))
        #expect(World.requests(in: world.log).count == 2)
    }

    @Test func `a late block is asked of a second peer, never twice of one`() {
        var world = World(".", blocks: 2, peer: "*", reads: 0..<1)
        world.connect(2, "*")
        world.pass(.milliseconds(900))
        #expect(World.requests(in: world.log) == ["1:0.0", "1:0.1", "2:0.0", "2:0.1"])
        world.answer(2)
        #expect(World.cancels(in: world.log) == ["1:0.0"])
    }

    @Test func `copies of what slow peers owe stay within their budget`() {
        var world = World(".", blocks: 64)
        world.connect(1, "*")
        world.connect(2, "*")
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        for peer in UInt32(1)...2 {
            guard let first = world.outstanding[peer]?.first else { continue }
            #expect(
                world.machine.blockBegan(PeerKey(peer), first, now: world.now) == .direct)
        }
        for peer in UInt32(3)...8 { world.connect(peer, "*") }
        for _ in 0..<95 {
            world.pass(.milliseconds(20))
            world.machine.peerProgressed(PeerKey(1), at: world.now)
            world.machine.peerProgressed(PeerKey(2), at: world.now)
        }
        let requests = World.requests(in: world.log)
        let duplicates = requests.count - Set(requests.map { $0.dropFirst(2) }).count
        #expect(duplicates > 0)
        // A floor of 16 blocks, and a quarter of all that was requested for the read.
        #expect(duplicates <= 16 + requests.count / 4)
    }

    @Test func `where all peers are silent none is asked for what another owes`() {
        var world = World(".", blocks: 8)
        for peer in UInt32(1)...4 { world.connect(peer, "*") }
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        world.pass(.milliseconds(1800))
        #expect(World.requests(in: world.log).count == 8)
        // Nor when they come back one after the other.
        for peer in UInt32(1)...4 {
            world.answer(peer)
            world.pass(.milliseconds(15))
        }
        #expect(World.requests(in: world.log).count == 8)
    }

    @Test func `a copy that arrives second is dropped and its writer told so`() {
        var world = World(".", blocks: 2, peer: "*", reads: 0..<1)
        let block = world.geometry.block(0, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        world.connect(2, "*")
        world.pass(.milliseconds(900))
        #expect(world.machine.blockBegan(PeerKey(2), block, now: world.now) == .scratch)
        #expect(world.machine.blockArrived(PeerKey(2), block, now: world.now) == .wanted)
        #expect(world.turn().contains(.discardIncoming(PeerKey(1), block)))
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .duplicate)
        #expect(world.machine.statistics(now: world.now).wasted == Int64(World.block))
    }

    @Test func `a peer that rejects what it claims to have is not asked in a loop`() {
        var world = World(".", blocks: 1, peer: "*", reads: 0..<1)
        let block = world.geometry.block(0, of: PieceIndex(0))
        for _ in 0..<100 {
            if world.outstanding[1]?.isEmpty == false {
                world.outstanding[1] = []
                world.machine.requestRejected(PeerKey(1), block, now: world.now)
                world.turn()
            }
            world.pass(.milliseconds(250))
        }
        let count = World.requests(in: world.log).count
        #expect((3...8).contains(count))
    }

    @Test func `unsolicited and misaligned blocks are discarded`() {
        var world = World("..", blocks: 2, peer: "**", reads: 0..<1)
        let key = PeerKey(1)
        for request in [
            world.geometry.block(0, of: PieceIndex(1)),
            BlockRequest(piece: PieceIndex(0), begin: 1, length: 16),
            BlockRequest(piece: PieceIndex(0), begin: -16384, length: 16384),
            BlockRequest(piece: PieceIndex(99), begin: 0, length: 16384),
            BlockRequest(piece: PieceIndex(-1), begin: 0, length: 16384),
            BlockRequest(piece: PieceIndex(0), begin: 1 << 30, length: 16384),
            BlockRequest(piece: PieceIndex(0), begin: 0, length: 100),
        ] {
            #expect(world.machine.blockBegan(key, request, now: world.now) == .discard)
            #expect(world.machine.blockArrived(key, request, now: world.now) == .duplicate)
        }
        #expect(
            world.machine.blockBegan(
                PeerKey(7), world.geometry.block(0, of: PieceIndex(0)),
                now: world.now) == .discard)
    }

    @Test func `two complete sides part, and interest ends only then`() {
        var world = World("*.", blocks: 1)
        world.connect(1, "**")
        world.connect(2, "*.")
        world.turn()
        world.read(1, 1..<2)
        world.turn()
        world.answer(1)
        world.machine.pieceVerified(PieceIndex(1), blockDigests: nil, now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.setInterested(PeerKey(1), false)))
        #expect(actions.contains(.disconnect(PeerKey(1), .bothComplete)))
        #expect(!actions.contains(.disconnect(PeerKey(2), .bothComplete)))
    }

    @Test func `a super-seeding peer, which shows one piece at a time, is followed (BEP 16)`() {
        var world = World("....", blocks: 1)
        world.connect(1, "....")
        world.read(1, 0..<4)
        #expect(world.requests() == [])
        for piece in [2, 0, 3, 1] {
            #expect(!world.log.contains(.disconnect(PeerKey(1), .bothComplete)))
            world.machine.peerHave(PeerKey(1), PieceIndex(piece), now: world.now)
            #expect(world.requests() == ["1:\(piece).0"])
            world.answer(1)
            world.verifyAll()
            // It waits until others have the piece before it shows the next one.
            world.pass(.seconds(20))
        }
        #expect(world.machine.have.isFull)
    }

    @Test func `a complete side parts from who downloads nothing more`() {
        var world = World("**", blocks: 1)
        world.connect(1, "*.")
        world.connect(2, "*.")
        world.turn()
        world.machine.peerUploadOnly(PeerKey(1), true, now: world.now)
        let actions = world.turn()
        #expect(actions.contains(.disconnect(PeerKey(1), .bothComplete)))
        #expect(!actions.contains(.disconnect(PeerKey(2), .bothComplete)))
    }

    @Test func `a side that lacks pieces keeps who downloads nothing more`() {
        var world = World("*.", blocks: 1)
        world.connect(1, ".*")
        world.machine.peerUploadOnly(PeerKey(1), true, now: world.now)
        #expect(!world.turn().contains(.disconnect(PeerKey(1), .bothComplete)))
    }

    @Test func `it is known how much a peer has`() {
        var world = World("....")
        world.connect(1, "*.*.")
        world.connect(2, "****")
        #expect(world.machine.pieceCount(of: PeerKey(1)) == 2)
        #expect(world.machine.pieceCount(of: PeerKey(2)) == 4)
        #expect(world.machine.pieceCount(of: PeerKey(3)) == nil)
    }

    @Test func `a block whose piece is opened anew while it arrives is not taken for it`() {
        var world = World("...", blocks: 2, peer: "***", reads: 0..<1)
        let block = world.geometry.block(0, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        world.machine.bufferUnavailable(PieceIndex(0), now: world.now)
        #expect(world.turn().contains(.discardIncoming(PeerKey(1), block)))
        world.pass(.seconds(1))
        #expect(world.log.count { $0 == .openPiece(PieceIndex(0)) } == 2)
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .duplicate)
        #expect(world.machine.have.isEmpty)
    }

    @Test func `what a choking peer owes is asked of others once a read waits for it`() {
        var world = World("...", blocks: 2)
        world.connect(1, "***")
        world.turn()
        world.readahead(1, 0..<1)
        world.turn()
        world.connect(2, "***")
        world.machine.peerChoked(PeerKey(1), now: world.now)
        #expect(world.requests() == [])
        world.read(1, 0..<1)
        #expect(world.requests() == ["2:0.0", "2:0.1"])
    }

    @Test func `a long pause between requests is no stall`() {
        var world = World("...", blocks: 2, peer: "***", reads: 0..<1)
        world.endRead(1)
        world.turn()
        world.pass(.seconds(100))
        world.now = world.now + .seconds(100)
        world.read(2, 1..<2)
        world.turn()
        world.pass(.milliseconds(300))
        let pieces = PieceIndex(1)..<PieceIndex(2)
        #expect(world.machine.waitReason(for: pieces) == .slow(peers: 1, bytesPerSecond: 0))
    }

    @Test func `any order of events leaves the machine sound`() {
        for seed in UInt64(0)..<300 {
            var random = SeededRandom(seed: seed)
            let configuration = SwarmConfiguration(
                bufferBytes: 12 * World.block, peerID: World.peerID(0))
            var world = World(
                String(repeating: ".", count: 12), blocks: 3, configuration: configuration)
            var key: UInt32 = 0
            var peers: [UInt32] = []
            for step in 0..<400 {
                let piece = PieceIndex(Int.random(in: -1...12, using: &random))
                let peer = peers.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<17, using: &random) {
                case 0 where peers.count < 6:
                    key += 1
                    peers.append(key)
                    let have = String(
                        (0..<12).map { _ in Bool.random(using: &random) ? "*" : "." })
                    world.connect(
                        key, have, fast: Bool.random(using: &random),
                        unchoked: Bool.random(using: &random), isOurs: Bool.random(using: &random))
                case 1 where !peers.isEmpty && step % 3 == 0:
                    world.machine.peerDisconnected(PeerKey(peer), now: world.now)
                    peers.removeAll { $0 == peer }
                    world.outstanding[peer] = nil
                case 2: world.machine.peerChoked(PeerKey(peer), now: world.now)
                case 3, 4: world.machine.peerUnchoked(PeerKey(peer), now: world.now)
                case 5: world.machine.peerHave(PeerKey(peer), piece, now: world.now)
                case 6: world.machine.peerDontHave(PeerKey(peer), piece, now: world.now)
                case 15: world.machine.peerFetching(PeerKey(peer), piece, now: world.now)
                case 7:
                    let first = Int.random(in: 0..<12, using: &random)
                    world.read(UInt64.random(in: 0..<4, using: &random), first..<min(12, first + 2))
                case 8: world.endRead(UInt64.random(in: 0..<4, using: &random))
                case 9:
                    let first = Int.random(in: 0..<12, using: &random)
                    let end = Int.random(in: first...12, using: &random)
                    world.readahead(UInt64.random(in: 0..<2, using: &random), first..<end)
                case 10:
                    if let request = world.outstanding[peer]?.randomElement(using: &random) {
                        world.outstanding[peer]?.removeAll { $0 == request }
                        world.machine.requestRejected(PeerKey(peer), request, now: world.now)
                    }
                case 11: world.machine.bufferUnavailable(piece, now: world.now)
                case 12:
                    let isGood = Bool.random(using: &random)
                    for case .verify(let piece, _) in world.log where !world.machine.have[piece] {
                        if isGood {
                            world.machine.pieceVerified(piece, blockDigests: nil, now: world.now)
                        } else {
                            world.machine.pieceFailed(piece, blockDigests: [], now: world.now)
                        }
                    }
                case 13: world.machine.pieceLost(piece, now: world.now)
                case 14: world.pass(.milliseconds(Int64.random(in: 0..<4000, using: &random)))
                default: for _ in 0..<3 { world.answer(peer) }
                }
                world.turn()
            }
            // A good peer that stays ends every wait.
            for peer in peers { world.machine.peerDisconnected(PeerKey(peer), now: world.now) }
            world.outstanding = [:]
            world.verifyAll()
            world.connect(9999, String(repeating: "*", count: 12))
            world.read(100, 0..<12)
            world.turn()
            world.run([9999: 1_000_000], for: .seconds(20))
            #expect(world.machine.have.isFull, "seed \(seed)")
        }
    }

    @Test func `a seed that takes pieces back and gets them again is a seed in the end`() {
        var world = World("....", blocks: 1)
        world.connect(1, "****")
        for _ in 0..<3 {
            world.machine.peerDontHave(PeerKey(1), PieceIndex(2), now: world.now)
            #expect(!world.machine.isSeed(PeerKey(1)))
            #expect(world.machine.pieceCount(of: PeerKey(1)) == 3)
            world.machine.peerHave(PeerKey(1), PieceIndex(2), now: world.now)
            #expect(world.machine.isSeed(PeerKey(1)))
        }
        world.machine.peerDontHave(PeerKey(1), PieceIndex(0), now: world.now)
        world.read(1, 0..<2)
        #expect(world.requests() == ["1:1.0"])
        world.machine.peerHasAll(PeerKey(1), now: world.now)
        #expect(world.requests() == ["1:0.0"])
        world.machine.peerDontHave(PeerKey(1), PieceIndex(3), now: world.now)
        world.machine.peerBitfield(PeerKey(1), World.pieces("*..."), now: world.now)
        world.machine.peerDisconnected(PeerKey(1), now: world.now)
        #expect(
            world.machine.waitReason(for: PieceIndex(0)..<PieceIndex(1)) == .noPeers)
    }

    /// The block of a piece that was given up may come in the turn in which the piece is opened
    /// again: its new buffer is not there yet.
    @Test func `what comes for a piece that was opened in the same turn is dropped`() {
        var world = World(
            String(repeating: ".", count: 16),
            configuration: SwarmConfiguration(bufferBytes: 2 * 4 * World.block))
        let all = String(repeating: "*", count: 16)
        world.connect(1, all)
        world.turn()
        world.readahead(1, 0..<1)
        world.turn()
        let late = world.outstanding[1] ?? []
        #expect(late.count == 4)
        world.readahead(1, 0..<0)
        world.turn()
        world.connect(2, all)
        world.read(1, 9..<10)
        world.read(2, 10..<11)
        #expect(world.turn().contains(.dropPiece(PieceIndex(0))))
        while world.outstanding.values.contains(where: { $0.count > 1 }) {
            for peer in [1, 2] as [UInt32] where world.outstanding[peer]?.count ?? 0 > 1 {
                world.answer(peer)
            }
        }
        world.verifyAll()
        // One more answer of peer 2, which then has room, has the piece opened.
        guard let last = world.outstanding[2]?.first else {
            Issue.record("peer 2 owes nothing")
            return
        }
        world.readahead(1, 0..<1)
        _ = world.machine.blockBegan(PeerKey(2), last, now: world.now)
        _ = world.machine.blockArrived(PeerKey(2), last, now: world.now)
        #expect(world.machine.blockBegan(PeerKey(1), late[0], now: world.now) == .discard)
        #expect(world.machine.blockArrived(PeerKey(1), late[0], now: world.now) == .duplicate)
        #expect(world.turn().contains(.openPiece(PieceIndex(0))))
        // From now on there is a buffer.
        #expect(world.machine.blockBegan(PeerKey(1), late[1], now: world.now) == .direct)
        #expect(world.machine.blockArrived(PeerKey(1), late[1], now: world.now) == .wanted)
    }

    /// Without Fast such a block cannot be told from the answer to a request of this turn.
    @Test func `what is dropped so is asked for again`() {
        var world = World(
            String(repeating: ".", count: 16),
            configuration: SwarmConfiguration(bufferBytes: 2 * 4 * World.block))
        world.connect(1, String(repeating: "*", count: 16), fast: false)
        world.turn()
        world.readahead(1, 0..<1)
        world.turn()
        let late = world.outstanding[1] ?? []
        #expect(late.count == 4)
        world.readahead(1, 0..<0)
        world.turn()
        world.read(1, 9..<10)
        world.read(2, 10..<11)
        #expect(world.turn().contains(.dropPiece(PieceIndex(0))))
        while world.outstanding[1]?.count ?? 0 > 1 { world.answer(1) }
        world.verifyAll()
        guard let last = world.outstanding[1]?.first else {
            Issue.record("peer 1 owes nothing")
            return
        }
        world.outstanding[1] = []
        world.readahead(1, 0..<1)
        for block in [last, late[0]] {
            _ = world.machine.blockBegan(PeerKey(1), block, now: world.now)
            _ = world.machine.blockArrived(PeerKey(1), block, now: world.now)
        }
        world.turn()
        world.run([1: 1_000_000], for: .seconds(20))
        #expect(world.machine.have[PieceIndex(0)])
    }

    /// The bytes that came before the piece was closed went nowhere.
    @Test func `a peer is not probed with a block that it is in the middle of`() {
        var world = World("..", blocks: 1)
        world.connect(1, "**", fast: false)
        world.turn()
        world.read(1, 0..<1)
        world.turn()
        let block = world.geometry.block(0, of: PieceIndex(0))
        #expect(world.machine.blockBegan(PeerKey(1), block, now: world.now) == .direct)
        world.pass(.seconds(1))
        world.endRead(1)
        world.turn()
        world.pass(.seconds(40))
        #expect(world.log.contains(.dropPiece(PieceIndex(0))))
        world.connect(2, "**")
        world.read(2, 0..<1)
        #expect(world.requests() == ["2:0.0"])
        #expect(world.machine.blockArrived(PeerKey(1), block, now: world.now) == .duplicate)
    }
}
