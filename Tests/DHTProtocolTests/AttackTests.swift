import DHTProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Attacks on a node of the DHT, and through it")
struct AttackTests {
    private static let torrent = OpenSSLHashing().sha1([1].span)

    private static func query(_ query: DHTQuery, _ number: UInt64) -> KRPCMessage {
        KRPCMessage(transaction: [1, 2], body: .query(query, sender: .sample(number)))
    }

    @Test("a flood from one address is not answered, and others are")
    func flood() {
        let node = TestNode()
        var answers = 0
        for _ in 0..<60 {
            for _ in 0..<100 {
                node.receive(Self.query(.ping, 1), from: .sample(1))
            }
            answers += node.takeSent().count { $0.to == .sample(1) }
            node.pass(.seconds(1))
        }
        #expect(answers <= 60)
        #expect(node.ask(.ping, from: .sample(2)) != nil)
    }

    @Test("a flood under many false senders gets no more out of it than its share of bytes")
    func reflection() {
        let node = TestNode()
        for number in 0..<40 {
            node.meet(.sample(UInt32(number)))
            node.pass(.milliseconds(200))
        }
        node.pass(.seconds(30))
        _ = node.takeSent()
        var (received, sent) = (0, 0)
        for second in 0..<20 {
            for number in 0..<1000 {
                let query = Self.query(.getPeers(infoHash: Self.torrent, want: [.v4, .v6]), 3)
                received += query.encoded.count
                node.receive(
                    query, from: .sample(UInt32(10_000 + second * 1000 + number)))
            }
            sent += node.takeSent().reduce(0) { $0 + $1.length }
            node.pass(.seconds(1))
        }
        // 32 KiB a second and four times that at once, and the few checks of new nodes.
        #expect(sent < (20 + 4) * 32 * 1024 + 20 * 10 * 120)
        #expect(sent < received)
    }

    @Test("strangers make it ask others hardly more than once each, whatever they write as sender")
    func checks() {
        let node = TestNode()
        for number in 0..<2000 {
            node.receive(
                Self.query(.ping, UInt64(number)), from: .sample(UInt32(5000 + number)))
        }
        let asked = node.takeSent().filter {
            if case .query = $0.message.body { true } else { false }
        }
        #expect(asked.count <= 10)
        // One victim under all names of nodes.
        node.pass(.seconds(10))
        _ = node.takeSent()
        for number in 0..<40 {
            node.receive(Self.query(.ping, UInt64(number)), from: .sample(4))
            node.pass(.milliseconds(200))
        }
        let victim = node.takeSent().filter {
            if case .query = $0.message.body { $0.to == .sample(4) } else { false }
        }
        #expect(victim.count <= 3)
    }

    @Test("noise is neither answered nor kept")
    func noise() {
        let node = TestNode()
        var random = SeededRandom(seed: 1)
        for number in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            node.receive(bytes, from: .sample(UInt32(number)))
        }
        #expect(node.takeSent().isEmpty)
        #expect(node.machine.statistics(now: node.now).nodes[.v4] == 0)
    }

    @Test("an answer counts only from where it was asked, and once")
    func falseAnswers() throws {
        let node = TestNode()
        let contact = NodeContact.sample(1)
        node.command { $0.addNode(contact.endpoint, now: $1) }
        let question = try #require(node.takeSent().first)
        let answer = KRPCMessage(
            transaction: question.message.transaction,
            body: .response(DHTResponse(), sender: contact.id))
        node.receive(answer, from: .sample(2))
        #expect(node.machine.statistics(now: node.now).nodes[.v4] == 0)
        node.receive(answer, from: contact.endpoint)
        #expect(node.machine.statistics(now: node.now).nodes[.v4] == 1)
        node.receive(answer, from: contact.endpoint)
        #expect(node.machine.statistics(now: node.now).answers == 1)
    }

    @Test("one address has one place in the table, and a small network few")
    func places() {
        let node = TestNode()
        for number in 0..<30 {
            let endpoint = Endpoint(address: .v4(0x5101_0101), port: UInt16(2000 + number))
            node.meet(NodeContact(id: .sample(UInt64(number)), endpoint: endpoint))
            node.pass(.seconds(1))
        }
        #expect(node.machine.statistics(now: node.now).nodes[.v4] == 1)
        for number in 0..<8 {
            let endpoint = Endpoint(address: .v4(0x5202_0200 + UInt32(number)), port: 6881)
            node.meet(NodeContact(id: .sample(100 + UInt64(number)), endpoint: endpoint))
            node.pass(.seconds(1))
        }
        #expect((node.machine.statistics(now: node.now).nodes[.v4] ?? 0) <= 3)
    }

    @Test(
        "the internet leads it neither into the local network, nor to this machine, nor to services"
    )
    func scopes() throws {
        let node = TestNode()
        let liar = NodeContact.sample(1)
        node.command {
            $0.bootstrap([liar.endpoint], areRouters: false, now: $1)
            $0.search(Self.torrent, announce: nil, now: $1)
        }
        var response = DHTResponse()
        response.nodes = try [
            "127.0.0.1:6881", "10.0.0.1:6881", "192.168.0.1:6881", "0.0.0.0:6881",
            "224.0.0.1:6881", "93.184.216.34:53", "93.184.216.35:0",
        ].enumerated().map { index, text in
            NodeContact(
                id: NodeID(Self.torrent).neighbourSample(index),
                endpoint: try #require(Endpoint(text)))
        }
        response.peers = try [
            "127.0.0.1:80", "10.0.0.1:80", "169.254.169.254:80", "93.184.216.34:0",
            "93.184.216.34:6881",
        ].map { try #require(Endpoint($0)) }
        Self.answer(as: liar, with: response, to: node)
        node.pass(.seconds(10))
        #expect(node.takeSent().allSatisfy { $0.to == liar.endpoint })
        let found = node.told.flatMap { action -> [Endpoint] in
            if case .peersFound(_, let peers) = action { peers } else { [] }
        }
        #expect(found == [try #require(Endpoint("93.184.216.34:6881"))])
    }

    /// Answers all that the node has asked of this one.
    private static func answer(
        as contact: NodeContact, with response: DHTResponse, to node: TestNode
    ) {
        for (message, _, destination) in node.takeSent() where destination == contact.endpoint {
            node.receive(
                KRPCMessage(
                    transaction: message.transaction,
                    body: .response(response, sender: contact.id)),
                from: contact.endpoint)
        }
    }

    @Test("a node that only names what does not exist costs a lookup few questions")
    func inventions() {
        let node = TestNode()
        let liar = NodeContact.sample(1)
        node.command {
            $0.bootstrap([liar.endpoint], areRouters: false, now: $1)
            $0.search(Self.torrent, announce: nil, now: $1)
        }
        var response = DHTResponse()
        response.nodes = (0..<100).map {
            NodeContact(
                id: NodeID(Self.torrent).neighbourSample($0), endpoint: .sample(UInt32(100 + $0)))
        }
        Self.answer(as: liar, with: response, to: node)
        node.pass(.seconds(4.5))
        let asked = Set(node.takeSent().map(\.to)).subtracting([liar.endpoint])
        #expect(asked.count <= 8)
    }

    @Test(
        "one liar does not make it believe in another address; many others do, and its ID follows")
    func votes() throws {
        let node = TestNode()
        let address = try #require(IPAddress("203.0.113.77"))
        let before = try #require(node.machine.ownID(.v4))
        #expect(!before.isValid(for: address))
        for _ in 0..<20 {
            node.meet(.sample(1), externalEndpoint: Endpoint(address: address, port: 6881))
            node.command { machine, now in
                machine.search(
                    OpenSSLHashing().sha1([UInt8.random(in: 0...255)].span), announce: nil,
                    now: now)
            }
            node.answerAll(
                at: .sample(1), externalEndpoint: Endpoint(address: address, port: 6881))
        }
        #expect(node.machine.ownID(.v4) == before)
        for number in 2..<12 {
            node.meet(
                .sample(UInt32(number)), externalEndpoint: Endpoint(address: address, port: 6881))
            node.pass(.seconds(1))
        }
        #expect(node.machine.ownID(.v4)?.isValid(for: address) == true)
        #expect(node.machine.statistics(now: node.now).externalAddresses == [address])
        #expect((node.machine.statistics(now: node.now).nodes[.v4] ?? 0) >= 8)
    }

    @Test("stores are bounded: a flood of torrents, peers and items pushes out its own")
    func stores() throws {
        let node = TestNode { $0.answerBytesPerSecond = 1e9 }
        for number in 0..<400 {
            let hash = OpenSSLHashing().sha1([UInt8(number % 256), UInt8(number / 256), 3].span)
            let source = Endpoint.sample(1)
            let token = node.response(to: .getPeers(infoHash: hash), from: source)?.token
            _ = node.ask(
                .announcePeer(infoHash: hash, port: 1000, token: token ?? []), from: source)
            node.pass(.seconds(1))
        }
        #expect(node.machine.statistics(now: node.now).peers == 200)
        for number in 0..<100 {
            let value = Array("i\(number)e".utf8)
            let item = DHTItem.immutable(value: value)
            let target = item.target(hashing: OpenSSLHashing())
            let token = node.response(to: .get(target: target), from: .sample(2))?.token
            _ = node.ask(.put(item, token: token ?? []), from: .sample(2))
            node.pass(.seconds(1))
        }
        #expect(node.machine.statistics(now: node.now).items == 20)
    }
}

extension NodeID {
    /// A place near this one.
    func neighbourSample(_ number: Int) -> NodeID {
        var random = SeededRandom(seed: UInt64(number))
        return neighbour(sharing: 100, random: &random)
    }
}
