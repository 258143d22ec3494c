import Swarm
import Testing
import TorrentCore

/// Readers of the same data divide a seed. In these worlds peer 1 is the seed, and others are readers
/// with clients of this program, near to us.
@Suite("Sharing a seed with other readers")
struct SharingDecisionTests {
    private static let pieces = 24

    /// We, the seed, and `readers` of which nobody has anything yet.
    private static func world(readers: ClosedRange<UInt32>, have: String? = nil) -> World {
        var configuration = SwarmConfiguration()
        configuration.peerID = World.peerID(1000)
        let nothing = String(repeating: ".", count: pieces)
        var world = World(have ?? nothing, configuration: configuration)
        world.connect(1, String(repeating: "*", count: pieces), limit: 500)
        for reader in readers { world.connect(reader, nothing, isOurs: true) }
        world.turn()
        return world
    }

    private static func asked(_ requests: [String], of peer: UInt32) -> Set<Int> {
        Set(
            requests.filter { $0.hasPrefix("\(peer):") }.compactMap {
                Int($0.split(separator: ":")[1].split(separator: ".")[0])
            })
    }

    private static func announced(_ actions: [SwarmAction]) -> [Int] {
        actions.compactMap {
            if case .announceFetch(let piece) = $0 { piece.value } else { nil }
        }
    }

    @Test func `what we ask a seed for is told other readers, once a piece`() {
        var world = Self.world(readers: 2...2)
        world.read(1, 3..<5)
        let actions = world.turn()
        #expect(Self.announced(actions) == [3, 4])
        #expect(Self.asked(World.requests(in: actions), of: 1) == [3, 4])
        world.run([1: 1_000_000], for: .seconds(1))
        #expect(Self.announced(world.log) == [3, 4])
    }

    @Test func `nobody is told where nobody reads along, or we do not upload`() {
        var world = Self.world(readers: 2...2)
        world.machine.peerDisconnected(PeerKey(2), now: world.now)
        world.read(1, 3..<4)
        #expect(Self.announced(world.turn()) == [])
        var configuration = SwarmConfiguration(isUploadEnabled: false)
        configuration.peerID = World.peerID(1000)
        var silent = World("........", configuration: configuration)
        silent.connect(1, "********")
        silent.connect(2, "........", isOurs: true)
        silent.read(1, 3..<4)
        #expect(Self.announced(silent.turn()) == [])
    }

    @Test func `what another reader fetches is left to it, and taken from it once it has it`() {
        var world = Self.world(readers: 2...2)
        for piece in 0..<4 {
            world.machine.peerFetching(PeerKey(2), PieceIndex(piece), now: world.now)
        }
        world.readahead(1, 0..<4)
        #expect(world.requests() == [])
        world.machine.peerHave(PeerKey(2), PieceIndex(2), now: world.now)
        let requests = world.requests()
        #expect(Self.asked(requests, of: 2) == [2])
        #expect(Self.asked(requests, of: 1) == [])
    }

    @Test func `a read waits a turn for what another reader fetches, and no longer`() {
        var world = Self.world(readers: 2...2)
        world.machine.peerFetching(PeerKey(2), PieceIndex(0), now: world.now)
        world.readahead(1, 0..<4)
        world.read(1, 0..<1)
        #expect(!Self.asked(world.requests(), of: 1).contains(0))
        world.pass(.milliseconds(900))
        #expect(!Self.asked(World.requests(in: world.log), of: 1).contains(0))
        world.pass(.milliseconds(500))
        #expect(Self.asked(World.requests(in: world.log), of: 1).contains(0))
    }

    @Test func `a single read waits for a moment only`() {
        var world = Self.world(readers: 2...2)
        world.machine.peerFetching(PeerKey(2), PieceIndex(9), now: world.now)
        world.read(1, 9..<10)
        #expect(world.requests() == [])
        world.pass(.milliseconds(300))
        #expect(Self.asked(World.requests(in: world.log), of: 1) == [9])
    }

    @Test func `who does not deliver what it says is believed no longer`() {
        var world = Self.world(readers: 2...2)
        world.readahead(1, 0..<Self.pieces)
        var asked: [Double] = []
        for piece in 0..<4 {
            for ahead in piece..<Self.pieces {
                world.machine.peerFetching(PeerKey(2), PieceIndex(ahead), now: world.now)
            }
            let start = world.now
            world.read(UInt64(piece), piece..<piece + 1)
            world.turn()
            while !world.machine.have[PieceIndex(piece)] {
                world.run([1: 10_000_000], for: .milliseconds(10))
            }
            asked.append((world.now - start).seconds)
        }
        #expect(asked[0] < 1.8 && asked[1] < 1.8)
        #expect(asked[2] < 0.1 && asked[3] < 0.1)
    }

    @Test func `a spared seed is not asked for pieces far ahead that nobody has`() {
        var world = Self.world(readers: 2...3)
        world.machine.peerFetching(PeerKey(2), PieceIndex(0), now: world.now)
        world.readahead(1, 0..<Self.pieces)
        world.turn()
        for _ in 0..<20 { world.pass(.milliseconds(100)) }
        let asked = Self.asked(World.requests(in: world.log), of: 1)
        #expect(!asked.isEmpty)
        #expect(asked.allSatisfy { $0 < 12 })
    }

    @Test func `what nobody begins with is taken over after a moment`() {
        var world = Self.world(readers: 2...4)
        for reader in 2...4 as ClosedRange<UInt32> {
            world.machine.peerFetching(
                PeerKey(reader), PieceIndex(Self.pieces - 1), now: world.now)
        }
        world.readahead(1, 0..<8)
        world.run([1: 10_000_000], for: .milliseconds(200))
        #expect(!(0..<8).allSatisfy { world.machine.have[PieceIndex($0)] })
        world.run([1: 10_000_000], for: .seconds(2))
        #expect((0..<8).allSatisfy { world.machine.have[PieceIndex($0)] })
    }

    @Test func `a reader alone, and random reads, wait for nobody`() {
        var world = Self.world(readers: 2...5)
        world.read(1, 7..<8)
        #expect(Self.asked(world.requests(), of: 1) == [7])
        world.readahead(1, 8..<16)
        world.run([1: 10_000_000], for: .milliseconds(300))
        #expect((8..<16).allSatisfy { world.machine.have[PieceIndex($0)] })
    }

    @Test func `a read waits no longer for a piece that was here and is lost`() {
        let have = String(repeating: ".", count: 9) + "*" + String(repeating: ".", count: 14)
        var world = Self.world(readers: 2...2, have: have)
        world.machine.peerFetching(PeerKey(2), PieceIndex(9), now: world.now)
        world.read(1, 9..<11)
        world.turn()
        world.machine.pieceLost(PieceIndex(9), now: world.now)
        world.turn()
        world.pass(.seconds(2))
        #expect(Self.asked(World.requests(in: world.log), of: 1).contains(9))
    }
}
