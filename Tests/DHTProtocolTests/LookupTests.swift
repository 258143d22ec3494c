import DHTProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Looking things up (BEP 5)")
struct LookupTests {
    private static let torrent = OpenSSLHashing().sha1([1].span)

    /// A world in which every node answers at once: each knows the eight closest to whatever it is
    /// asked for.
    private struct World {
        let contacts: [NodeContact]
        var peers: [Endpoint] = []
        var announces: [NodeContact: DHTQuery] = [:]
        var asked: [Endpoint: Int] = [:]
        var silent: Set<Endpoint> = []
        var items: [NodeID: DHTItem] = [:]

        init(_ count: Int) { contacts = (0..<count).map { .sample(UInt32($0)) } }

        func closest(to target: NodeID, _ count: Int = 8) -> [NodeContact] {
            Array(contacts.sorted { $0.id ^ target < $1.id ^ target }.prefix(count))
        }

        /// Answers everything that the node has sent, until it sends nothing more.
        mutating func answer(_ node: TestNode) {
            while true {
                let sent = node.takeSent()
                guard !sent.isEmpty else { return }
                for (message, _, destination) in sent {
                    guard let contact = contacts.first(where: { $0.endpoint == destination }),
                        case .query(let query, _) = message.body, !silent.contains(destination)
                    else { continue }
                    asked[destination, default: 0] += 1
                    node.receive(
                        KRPCMessage(
                            transaction: message.transaction,
                            body: .response(response(to: query, at: contact), sender: contact.id)),
                        from: destination)
                }
            }
        }

        private mutating func response(to query: DHTQuery, at contact: NodeContact) -> DHTResponse {
            var response = DHTResponse()
            switch query {
            case .findNode(let target, _):
                response.nodes = closest(to: target)
            case .getPeers(let torrent, _, _, _):
                response.nodes = closest(to: NodeID(torrent))
                response.token = Array(contact.endpoint.description.utf8.prefix(20))
                response.peers = peers
            case .get(let target, _, _):
                response.nodes = closest(to: target)
                response.token = [1]
                response.value = items[target]?.value
                if case .mutable(let item)? = items[target] {
                    response.key = item.key
                    response.signature = item.signature
                    response.sequence = item.sequence
                }
            case .announcePeer:
                announces[contact] = query
            case .put(let item, _, _):
                announces[contact] = query
                items[item.target(hashing: OpenSSLHashing())] = item
            case .ping, .sampleInfohashes:
                break
            }
            return response
        }
    }

    private static func settled(_ world: inout World) -> TestNode {
        let node = TestNode()
        let entrance = world.contacts[0].endpoint
        node.command { $0.bootstrap([entrance], areRouters: true, now: $1) }
        world.answer(node)
        for _ in 0..<40 {
            node.pass(.seconds(0.25))
            world.answer(node)
        }
        return node
    }

    @Test("starting from one entrance, a node finds its place, and keeps routers out of its table")
    func bootstrap() throws {
        var world = World(120)
        let node = Self.settled(&world)
        #expect(node.told.contains(.bootstrapped(.v4)))
        let own = try #require(node.machine.ownID(.v4))
        let state = node.machine.savedState
        #expect(state.contacts.count >= 16)
        #expect(!state.contacts.contains(world.contacts[0]))
        let near = world.closest(to: own).filter { $0 != world.contacts[0] }
        #expect(near.filter { state.contacts.contains($0) }.count == near.count)
    }

    @Test("peers are told as soon as the first node names them, each once")
    func earlyResults() throws {
        var world = World(120)
        let node = Self.settled(&world)
        world.peers = [Endpoint.sample(7001), Endpoint.sample(7002)]
        node.told = []
        node.command { $0.search(Self.torrent, announce: nil, now: $1) }
        let first = try #require(node.sent.first)
        let contact = try #require(world.contacts.first { $0.endpoint == first.to })
        var response = DHTResponse()
        response.peers = world.peers
        node.receive(
            KRPCMessage(
                transaction: first.message.transaction,
                body: .response(response, sender: contact.id)), from: first.to)
        #expect(node.told == [.peersFound(Self.torrent, world.peers)])
        world.answer(node)
        node.pass(.seconds(5))
        #expect(
            node.told.dropFirst() == [
                .searchEnded(Self.torrent, .v4, peers: 2, announcedTo: 0)
            ])
    }

    @Test("an announce goes to the eight closest, with the token of each")
    func announce() throws {
        var world = World(200)
        let node = Self.settled(&world)
        node.command {
            $0.search(
                Self.torrent, announce: DHTAnnounce(port: 9, isPortImplied: true, isSeed: true),
                now: $1)
        }
        world.answer(node)
        for _ in 0..<30 {
            node.pass(.seconds(0.2))
            world.answer(node)
        }
        let closest = world.closest(to: NodeID(Self.torrent))
        #expect(Set(world.announces.keys).isSuperset(of: closest))
        #expect(world.announces.count == 8)
        for (contact, query) in world.announces {
            #expect(
                query
                    == .announcePeer(
                        infoHash: Self.torrent, port: 9, isPortImplied: true,
                        token: Array(contact.endpoint.description.utf8.prefix(20)), isSeed: true))
        }
    }

    @Test("nodes that do not answer hold nothing up")
    func silentNodes() throws {
        var world = World(120)
        let node = Self.settled(&world)
        for contact in world.closest(to: NodeID(Self.torrent), 6) {
            world.silent.insert(contact.endpoint)
        }
        world.peers = [Endpoint.sample(7001)]
        node.told = []
        node.command { $0.search(Self.torrent, announce: nil, now: $1) }
        world.answer(node)
        #expect(node.told.contains(.peersFound(Self.torrent, world.peers)))
        for _ in 0..<50 {
            node.pass(.seconds(0.2))
            world.answer(node)
        }
        #expect(node.told.contains(.searchEnded(Self.torrent, .v4, peers: 1, announcedTo: 0)))
    }

    @Test("a torrent is looked for again: soon where nobody was found, later where somebody was")
    func repetition() throws {
        var world = World(60)
        let node = Self.settled(&world)
        func lookups(in time: Double) -> Int {
            node.told = []
            for _ in 0..<Int(time * 4) {
                world.answer(node)
                node.pass(.seconds(0.25))
            }
            return node.told.count {
                if case .searchEnded = $0 { true } else { false }
            }
        }
        node.command { $0.search(Self.torrent, announce: nil, now: $1) }
        #expect((3...5).contains(lookups(in: 45)))
        world.peers = [Endpoint.sample(7001)]
        _ = lookups(in: 60)
        #expect(lookups(in: 14 * 60) == 0)
        node.command { $0.hurry(Self.torrent, now: $1) }
        #expect(lookups(in: 5) == 1)
        node.command { $0.endSearch(Self.torrent, now: $1) }
        #expect(lookups(in: 20 * 60) == 0)
    }

    @Test("an item is put with the closest, and found again (BEP 44)")
    func items() throws {
        var world = World(100)
        let node = Self.settled(&world)
        let item = DHTItem.immutable(value: Array("5:hello".utf8))
        node.command { _ = $0.put(item, over: .v4, now: $1) }
        world.answer(node)
        for _ in 0..<20 {
            node.pass(.seconds(0.25))
            world.answer(node)
        }
        let target = item.target(hashing: OpenSSLHashing())
        #expect(Set(world.announces.keys).isSuperset(of: world.closest(to: target)))
        node.told = []
        node.command { _ = $0.findItem(at: target, over: .v4, now: $1) }
        for _ in 0..<20 {
            world.answer(node)
            node.pass(.seconds(0.25))
        }
        let ends = node.told.compactMap { action -> DHTItem? in
            if case .itemLookupEnded(_, let item, _) = action { item } else { nil }
        }
        #expect(ends == [item])
    }

    @Test("with nobody answering, it tries again and again, and says so")
    func noAnswer() {
        let node = TestNode()
        node.command { $0.bootstrap([.sample(1)], areRouters: false, now: $1) }
        node.pass(.seconds(60))
        #expect((2...5).contains(node.told.count { $0 == .bootstrapFailed(.v4) }))
    }

    @Test("the saved table leads back without an entrance, and survives encoding")
    func saved() throws {
        var world = World(80)
        let before = Self.settled(&world)
        let state = before.machine.savedState
        let read = try #require(DHTSavedState(decoding: state.encoded))
        #expect(Set(read.contacts) == Set(state.contacts))
        #expect(read.ids == state.ids)
        let node = TestNode(saved: read)
        #expect(node.machine.ownID(.v4) == state.ids[.v4])
        node.pass(.seconds(0.1))
        world.answer(node)
        for _ in 0..<20 {
            node.pass(.seconds(0.25))
            world.answer(node)
        }
        #expect(node.told.contains(.bootstrapped(.v4)))
    }

    @Test(
        "a saved table that is broken or hostile is no table",
        arguments: ["", "i1e", "d", "d5:nodes25:aaaaaaaaaaaaaaaaaaaaaaaaae", "le"])
    func brokenState(text: String) {
        #expect(DHTSavedState(decoding: Array(text.utf8))?.contacts.isEmpty ?? true)
        #expect(DHTSavedState(decoding: [UInt8](repeating: 0, count: 1 << 20)) == nil)
    }

    @Test("nodes that have fallen silent are refreshed, and replaced where others wait")
    func refresh() throws {
        var world = World(60)
        let node = Self.settled(&world)
        world.asked = [:]
        for _ in 0..<(20 * 60) {
            node.pass(.seconds(1))
            world.answer(node)
        }
        #expect(!world.asked.isEmpty)
        let figures = node.machine.statistics(now: node.now)
        #expect((figures.goodNodes[.v4] ?? 0) > 8)
    }
}
