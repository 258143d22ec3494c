import Swarm
import Testing
import TorrentCore

@Suite("Unchoke slots (BEP 3)")
struct ChokerTests {
    private var random = SeededRandom(seed: 1)

    private func candidate(
        _ number: Int, down: Double = 0, up: Double = 0, unchoked: Bool = false,
        snubbed: Bool = false, since: Double = 0, interested: Bool = true
    ) -> Choker.Candidate {
        Choker.Candidate(
            number: number, isInterested: interested, isUnchoked: unchoked, isSnubbed: snubbed,
            downloadRate: down, uploadRate: up, since: Timestamp.zero + .seconds(since))
    }

    @Test mutating func `everybody interested is unchoked while slots suffice`() {
        var choker = Choker(slots: 4)
        let chosen = choker.rechoke(
            [candidate(1), candidate(2, interested: false), candidate(3)], isSeeding: false,
            now: .zero, random: &random)
        #expect(chosen == [1, 3])
    }

    @Test mutating func `while downloading the best senders get the slots, one slot moves`() {
        var choker = Choker(slots: 3)
        let candidates = (1...8).map { candidate($0, down: Double($0) * 100) }
        var optimistic: Set<Int> = []
        for round in 0..<30 {
            let chosen = choker.rechoke(
                candidates, isSeeding: false, now: Timestamp.zero + .seconds(Double(round) * 10),
                random: &random)
            #expect(chosen.count == 3)
            #expect(chosen.isSuperset(of: [7, 8]))
            optimistic.formUnion(chosen.subtracting([7, 8]))
        }
        #expect(optimistic.count >= 3)
    }

    @Test mutating func `who snubs us gets no regular slot`() {
        var choker = Choker(slots: 2)
        let chosen = choker.rechoke(
            [
                candidate(1, down: 900, snubbed: true), candidate(2, down: 10),
                candidate(3, down: 5),
            ],
            isSeeding: false, now: .zero, random: &random)
        #expect(chosen.contains(2))
    }

    @Test mutating func `while seeding everybody has a turn`() {
        var choker = Choker(slots: 2)
        var candidates = (0..<6).map { candidate($0, since: 0) }
        var served: Set<Int> = []
        for round in 0..<60 {
            let now = Timestamp.zero + .seconds(Double(round) * 10)
            let chosen = choker.rechoke(candidates, isSeeding: true, now: now, random: &random)
            for index in candidates.indices {
                let isChosen = chosen.contains(candidates[index].number)
                if isChosen != candidates[index].isUnchoked { candidates[index].since = now }
                candidates[index].isUnchoked = isChosen
            }
            served.formUnion(chosen)
        }
        #expect(served.count == 6)
    }

    @Test func `an interested peer is unchoked at once while slots are free`() {
        var world = World("**", configuration: SwarmConfiguration(unchokeSlots: 2))
        for peer in UInt32(1)...3 {
            world.connect(peer, "..", unchoked: false)
            world.machine.peerInterested(PeerKey(peer), now: world.now)
        }
        #expect(world.turn() == [.unchoke(PeerKey(1)), .unchoke(PeerKey(2))])
        world.machine.peerNotInterested(PeerKey(1), now: world.now)
        #expect(world.turn() == [.choke(PeerKey(1)), .unchoke(PeerKey(3))])
        world.machine.peerDisconnected(PeerKey(2), now: world.now)
        world.machine.peerInterested(PeerKey(1), now: world.now)
        #expect(world.turn() == [.unchoke(PeerKey(1))])
    }

    @Test func `nobody is unchoked where uploading is off`() {
        var world = World("**", configuration: SwarmConfiguration(isUploadEnabled: false))
        world.connect(1, "..", unchoked: false)
        world.machine.peerInterested(PeerKey(1), now: world.now)
        world.turn()
        world.pass(.seconds(60))
        #expect(!world.log.contains(.unchoke(PeerKey(1))))
    }

    @Test func `at a rechoke the slots never overflow`() {
        var world = World("**", configuration: SwarmConfiguration(unchokeSlots: 3))
        for peer in UInt32(1)...10 {
            world.connect(peer, "..", unchoked: false)
            world.machine.peerInterested(PeerKey(peer), now: world.now)
        }
        world.turn()
        world.pass(.seconds(600))
        var unchoked: Set<PeerKey> = []
        var ever: Set<PeerKey> = []
        for action in world.log {
            if case .unchoke(let peer) = action { unchoked.insert(peer) }
            if case .choke(let peer) = action { unchoked.remove(peer) }
            ever.formUnion(unchoked)
            #expect(unchoked.count <= 3)
        }
        #expect(ever.count == 10)
    }
}
