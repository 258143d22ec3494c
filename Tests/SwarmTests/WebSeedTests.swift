import Swarm
import Testing
import TorrentCore

@Suite("Web seeds beside peers (BEP 19)")
struct WebSeedTests {
    // MARK: - Without peers

    @Test func `a read that no peer serves is fetched at once, and nothing else`() throws {
        var world = World("--------", blocks: 4)
        try world.addWebSeed()
        world.turn()
        #expect(world.fetched == [])
        world.read(1, 3..<4)
        world.turn()
        #expect(world.fetched == ["0:3.0-3.3"])
        world.send(try world.lane(of: 3))
        #expect(world.log.contains(.verify(PieceIndex(3), wantsBlockDigests: false)))
    }

    @Test func `a long piece is shared out among the lanes`() throws {
        var world = World("--", blocks: 100)
        try world.addWebSeed()
        world.read(1, 1..<2)
        world.turn()
        #expect(
            world.fetched == [
                "0:1.0-1.19", "0:1.20-1.39", "0:1.40-1.59", "0:1.60-1.79", "0:1.80-1.99",
            ])
    }

    @Test func `readahead comes in long runs over pieces, and leaves a lane for reads`() throws {
        var world = World(String(repeating: "-", count: 100), blocks: 4)
        try world.addWebSeed()
        world.readahead(1, 0..<100)
        world.turn()
        // A million bytes is a second of a lane that nothing is known of yet.
        #expect(
            world.fetched == [
                "0:0.0-15.0", "0:15.1-30.1", "0:30.2-45.2", "0:45.3-60.3",
            ])
        world.read(1, 90..<91)
        world.turn()
        #expect(world.fetched.last == "0:90.0-90.3")
    }

    @Test func `runs grow with the server's rate up to 8 MiB`() throws {
        var world = World(String(repeating: "-", count: 2000), blocks: 4)
        try world.addWebSeed()
        world.readahead(1, 0..<1)
        world.turn()
        world.now = world.now + .milliseconds(100)
        world.machine.webSeedAnswered(PeerKey(try world.lane(of: 0)), now: world.now)
        world.now = world.now + .milliseconds(1)
        world.send(try world.lane(of: 0))
        world.verifyAll()
        world.readahead(1, 1..<700)
        world.turn()
        #expect(world.fetched.first == "0:1.0-128.3")
    }

    @Test func `runs go around what is there and what is on its way`() throws {
        var world = World("--*-----", blocks: 4)
        try world.addWebSeed()
        world.readahead(1, 0..<8)
        world.turn()
        #expect(world.fetched == ["0:0.0-1.3", "0:3.0-7.3"])
    }

    @Test func `padding is never asked for`() throws {
        var world = World(
            "--", blocks: 4, isPadding: { $0.piece == PieceIndex(0) && $0.begin >= 16384 })
        try world.addWebSeed()
        world.read(1, 0..<2)
        world.turn()
        #expect(world.fetched == ["0:0.0-0.0", "0:1.0-1.3"])
    }

    @Test func `what nobody wants any more is given up`() throws {
        var world = World("----", blocks: 64)
        try world.addWebSeed()
        world.readahead(1, 0..<4)
        world.turn()
        #expect(!world.fetches.isEmpty)
        world.readahead(1, 0..<0)
        world.turn()
        #expect(world.fetches.isEmpty)
    }

    @Test func `of two servers the one that answers sooner is asked`() throws {
        var world = World("--------", blocks: 4)
        try world.addWebSeed(0)
        try world.addWebSeed(1)
        for (number, piece) in [0, 1].enumerated() {
            world.read(UInt64(number), piece..<piece + 1)
            world.turn()
            world.now = world.now + (piece == 0 ? .milliseconds(500) : .milliseconds(5))
            world.send(try world.lane(of: piece))
            world.verifyAll()
            world.endRead(UInt64(number))
        }
        for piece in 2..<4 {
            world.read(9, piece..<piece + 1)
            world.turn()
            #expect(world.fetched == ["1:\(piece).0-\(piece).3"])
            world.send(try world.lane(of: piece))
            world.verifyAll()
        }
    }

    // MARK: - Beside peers

    @Test func `peers that are quick spare the server`() throws {
        var world = World(String(repeating: "-", count: 60), blocks: 4)
        try world.addWebSeed()
        world.connect(1, String(repeating: "*", count: 60))
        world.readahead(1, 0..<60)
        world.read(1, 0..<1)
        world.turn()
        world.run([1: 4e6], for: .seconds(1))
        #expect(world.fetched == [])
        #expect(world.webSeed().downloaded == 0)
        #expect(world.machine.counts.downloaded > 3_000_000)
    }

    @Test func `what no peer has comes from the server at once`() throws {
        var world = World("----", blocks: 4)
        try world.addWebSeed()
        world.connect(1, "**--")
        world.readahead(1, 0..<4)
        world.read(1, 3..<4)
        world.turn()
        #expect(world.fetched == ["0:2.0-2.3", "0:3.0-3.3"])
    }

    @Test func `peers that choke us are not waited for`() throws {
        var world = World("--", blocks: 4)
        try world.addWebSeed()
        world.connect(1, "**", unchoked: false)
        world.read(1, 0..<1)
        world.turn()
        #expect(world.fetched == ["0:0.0-0.3"])
    }

    @Test func `the server helps a read out that slow peers would keep waiting`() throws {
        var world = World("--", blocks: 64)
        try world.addWebSeed()
        world.connect(1, "**")
        world.read(1, 0..<1)
        world.turn()
        world.run([1: 100_000], for: .milliseconds(150))
        #expect(world.fetched == [])
        world.run([1: 100_000], for: .milliseconds(250))
        #expect(!world.fetches.isEmpty)
        // What the server sends first is not asked of the peer any more.
        for lane in world.fetches.keys.sorted() { world.send(lane) }
        #expect(world.outstanding[1]?.isEmpty ?? true)
    }

    @Test func `a peer that falls silent is replaced`() throws {
        var world = World("----", blocks: 4)
        try world.addWebSeed()
        world.connect(1, "****")
        world.read(1, 0..<1)
        world.run([1: 5e6], for: .milliseconds(100))
        world.endRead(1)
        world.read(2, 1..<2)
        world.turn()
        world.pass(.milliseconds(600))
        #expect(!world.fetches.isEmpty)
    }

    // MARK: - Failures

    @Test func `a server that is busy is left alone for as long as it says`() throws {
        var world = World("----", blocks: 4)
        try world.addWebSeed()
        world.read(1, 0..<1)
        world.turn()
        world.fail(
            try world.lane(of: 0), .busy(status: 429, retryAfter: .seconds(7)))
        #expect(world.webSeed().state == .paused)
        world.pass(.seconds(6.9))
        #expect(world.fetched == [])
        world.pass(.seconds(0.2))
        #expect(world.fetched == ["0:0.0-0.3"])
        #expect(world.webSeed().errors == 1)
    }

    @Test func `pauses double and end, and are never equally long`() throws {
        var pauses: [[Double]] = []
        for seed in 1...2 as ClosedRange<UInt32> {
            var world = World("----", blocks: 4)
            // Another course of random numbers.
            for _ in 1..<seed { world.connect(9, "----") }
            try world.addWebSeed()
            world.read(1, 0..<1)
            world.turn()
            var ends: [Double] = []
            for _ in 0..<(seed == 1 ? 9 : 3) {
                let start = world.now
                world.fail(try world.lane(of: 0), .unreachable("connection refused"))
                while world.fetches.isEmpty { world.pass(.milliseconds(50)) }
                ends.append((world.now - start).seconds)
            }
            pauses.append(ends)
        }
        let longest = try #require(pauses[0].max())
        #expect((0.5...1.6).contains(pauses[0][0]))
        #expect(pauses[0][4] > 2 * pauses[0][0])
        #expect((60...181).contains(longest))
        #expect(Set(pauses[0].suffix(3)).count == 3)
    }

    @Test func `lanes that fail together count as one failure`() throws {
        var world = World("--", blocks: 100)
        try world.addWebSeed()
        world.read(1, 0..<1)
        world.turn()
        #expect(world.fetches.count == 5)
        for lane in world.fetches.keys.sorted() { world.fail(lane, .unreachable("timed out")) }
        world.pass(.seconds(1.6))
        #expect(!world.fetches.isEmpty)
    }

    @Test func `a missing file is not asked for again, others are`() throws {
        let block = World.block
        var world = World("------", blocks: 2)
        try world.addWebSeed(files: [4 * block, 3 * block, 5 * block])
        world.read(1, 0..<1)
        world.turn()
        world.fail(try world.lane(of: 0), .refused(status: 404), file: 0)
        #expect(world.fetched == [])
        world.read(2, 2..<6)
        world.turn()
        #expect(
            world.fetched == ["0:2.0-2.1", "0:3.0-3.1", "0:4.0-4.1", "0:5.0-5.1"])
        #expect(world.webSeed().disabledFiles == 1)
        #expect(world.webSeed().state == .active)
    }

    @Test func `a second URL serves the file that the first lacks`() throws {
        var world = World("--", blocks: 2)
        try world.addWebSeed(0)
        try world.addWebSeed(1)
        world.read(1, 0..<1)
        world.turn()
        #expect(world.fetched == ["0:0.0-0.1"])
        world.fail(try world.lane(of: 0), .refused(status: 404), file: 0)
        #expect(world.fetched == ["1:0.0-0.1"])
        #expect(world.webSeed(0).state == .disabled)
    }

    @Test func `a server that lacks file after file is not asked for all of them`() throws {
        let block = World.block
        var world = World(String(repeating: "-", count: 64), blocks: 1)
        try world.addWebSeed(files: Array(repeating: block, count: 64))
        world.read(1, 0..<64)
        world.turn()
        var failed = 0
        while let lane = world.fetches.keys.min(), failed < 64 {
            let file = try #require(world.fetches[lane]).blocks[0].piece.value
            world.fail(lane, .refused(status: 404), file: file)
            failed += 1
        }
        #expect(failed < 24)
        #expect(world.webSeed().state == .paused)
    }

    @Test func `a bad piece ends the URL for its file`() throws {
        let block = World.block
        var world = World("----", blocks: 2)
        try world.addWebSeed(files: [4 * block, 4 * block])
        world.read(1, 0..<1)
        world.turn()
        world.send(try world.lane(of: 0))
        world.machine.pieceFailed(PieceIndex(0), blockDigests: [], now: world.now)
        #expect(world.turn().contains(.webSeedCorrupt(seed: 0, PieceIndex(0))))
        #expect(world.fetched == [])
        #expect(world.webSeed().lastFailure == .corrupt)
        world.read(2, 2..<3)
        world.turn()
        #expect(world.fetched == ["0:2.0-2.1"])
    }

    @Test func `of a bad piece from peers and the server the culprit is found`() throws {
        var world = World("-", blocks: 2)
        try world.addWebSeed()
        world.read(1, 0..<1)
        world.turn()
        let lane = try world.lane(of: 0)
        world.send(lane, blocks: 1)
        // The other block comes from a peer, which is quicker.
        world.connect(1, "*")
        world.fail(lane, .unreachable("closed early"))
        while world.answer(1) {}
        let (good, bad, fine) = (Self.digest(1), Self.digest(2), Self.digest(3))
        world.machine.pieceFailed(PieceIndex(0), blockDigests: [bad, good], now: world.now)
        world.turn()
        while world.answer(1) {}
        world.machine.pieceVerified(
            PieceIndex(0), blockDigests: [fine, good], now: world.now)
        #expect(world.turn().contains(.webSeedCorrupt(seed: 0, PieceIndex(0))))
        #expect(!world.log.contains { if case .ban = $0 { true } else { false } })
    }

    @Test func `a forbidden URL is never asked again`() throws {
        var world = World("----", blocks: 4)
        try world.addWebSeed()
        world.read(1, 0..<1)
        world.turn()
        world.fail(try world.lane(of: 0), .forbidden("private address"))
        world.pass(.seconds(150))
        #expect(world.fetched == [])
        #expect(world.webSeed().state == .disabled)
    }

    @Test func `what came before a failure is kept`() throws {
        var world = World("-", blocks: 4)
        try world.addWebSeed()
        world.read(1, 0..<1)
        world.turn()
        let lane = try world.lane(of: 0)
        world.send(lane, blocks: 3)
        world.fail(lane, .unreachable("closed early"))
        world.pass(.seconds(2))
        #expect(world.fetched == ["0:0.3-0.3"])
    }

    private static func digest(_ byte: UInt8) -> SHA1Digest {
        SHA1Digest(Array(repeating: byte, count: SHA1Digest.byteCount))
            ?? SHA256Digest.zero.truncated
    }

    @Test func `a block that three slow peers and a server owe is asked again when all have gone`()
        throws
    {
        var world = World("..", blocks: 1)
        try world.addWebSeed()
        for peer in 1...3 as ClosedRange<UInt32> { world.connect(peer, "**", fast: false) }
        world.read(1, 0..<1)
        world.turn()
        let block = world.geometry.block(0, of: PieceIndex(0))
        // Each of them sends, but slowly: none is given up on.
        var begun: Set<UInt32> = []
        for _ in 0..<400 where world.fetches.isEmpty {
            for (peer, requests) in world.outstanding where !requests.isEmpty {
                if begun.insert(peer).inserted {
                    _ = world.machine.blockBegan(PeerKey(peer), block, now: world.now)
                }
                world.machine.peerProgressed(PeerKey(peer), at: world.now)
            }
            world.pass(.milliseconds(10))
        }
        #expect(begun == [1, 2, 3])
        world.fail(try world.lane(of: 0), .unreachable("gone"))
        for peer in 1...3 as ClosedRange<UInt32> {
            world.machine.peerDisconnected(PeerKey(peer), now: world.now)
        }
        world.connect(4, "**")
        #expect(world.requests() == ["4:0.0"])
    }
}
