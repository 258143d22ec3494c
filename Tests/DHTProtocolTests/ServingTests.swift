import DHTProtocol
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Answering others (BEP 5, 32, 33, 43, 44, 51)")
struct ServingTests {
    private static let torrent = OpenSSLHashing().sha1([1].span)

    @Test("an announced peer is told to others, as long as it lasts")
    func announce() throws {
        let node = TestNode()
        let query = DHTQuery.getPeers(infoHash: Self.torrent)
        let token = try #require(node.response(to: query, from: .sample(1))?.token)
        let announce = DHTQuery.announcePeer(infoHash: Self.torrent, port: 7000, token: token)
        #expect(node.response(to: announce, from: .sample(1)) == DHTResponse())
        let secondToken = try #require(node.response(to: query, from: .sample(2))?.token)
        let implied = DHTQuery.announcePeer(
            infoHash: Self.torrent, port: 1, isPortImplied: true, token: secondToken)
        #expect(node.response(to: implied, from: .sample(2)) == DHTResponse())
        let expected = [
            Endpoint(address: Endpoint.sample(1).address, port: 7000), Endpoint.sample(2),
        ]
        #expect(Set(node.response(to: query, from: .sample(3))?.peers ?? []) == Set(expected))
        node.pass(.seconds(36 * 60))
        #expect(node.response(to: query, from: .sample(3))?.peers == [])
    }

    @Test("a token is good for its address and torrent, and for ten minutes at most")
    func tokens() throws {
        let node = TestNode()
        let query = DHTQuery.getPeers(infoHash: Self.torrent)
        let token = try #require(node.response(to: query, from: .sample(1))?.token)
        func announce(_ hash: SHA1Digest, _ token: [UInt8]) -> DHTQuery {
            .announcePeer(infoHash: hash, port: 1, token: token)
        }
        #expect(node.error(to: announce(Self.torrent, token), from: .sample(2)) == .badToken)
        let other = OpenSSLHashing().sha1([2].span)
        #expect(node.error(to: announce(other, token), from: .sample(1)) == .badToken)
        #expect(node.error(to: announce(Self.torrent, []), from: .sample(1)) == .badToken)
        node.pass(.seconds(4.9 * 60))
        #expect(node.response(to: announce(Self.torrent, token), from: .sample(1)) != nil)
        node.pass(.seconds(5.2 * 60))
        #expect(node.error(to: announce(Self.torrent, token), from: .sample(1)) == .badToken)
    }

    @Test("answers name the closest nodes, of the families that are wanted, and where the asker is")
    func closest() throws {
        let node = TestNode(families: [.v4, .v6])
        for number in 0..<40 {
            node.meet(.sample(UInt32(number)))
            node.pass(.milliseconds(200))
        }
        let six = NodeContact(
            id: .sample(99), endpoint: try #require(Endpoint("[2001:db8:7::1]:6881")))
        node.pass(.seconds(20))
        node.meet(six)
        let target = NodeID.sample(1234)
        let answer = node.response(to: .findNode(target: target), from: .sample(900))
        let named = try #require(answer?.nodes)
        #expect(named.count == 8)
        #expect(answer?.nodes6 == nil)
        for (closer, farther) in zip(named, named.dropFirst()) {
            #expect(closer.id ^ target < farther.id ^ target)
        }
        let both = node.response(
            to: .findNode(target: target, want: [.v4, .v6]), from: .sample(900))
        #expect(both?.nodes == named)
        #expect(both?.nodes6 == [six])
        let over6 = node.response(to: .findNode(target: target), from: six.endpoint)
        #expect(over6?.nodes == nil)
        #expect(
            node.ask(.ping, from: .sample(900))?.externalEndpoint == Endpoint.sample(900))
    }

    @Test("what this machine and the local network said is not told to the internet")
    func scopes() throws {
        let node = TestNode()
        let neighbour = NodeContact(
            id: .sample(5), endpoint: try #require(Endpoint("192.168.1.9:6881")))
        let own = NodeContact(id: .sample(6), endpoint: try #require(Endpoint("127.0.0.1:6882")))
        node.meet(neighbour)
        node.meet(own)
        let query = DHTQuery.getPeers(infoHash: Self.torrent)
        for contact in [neighbour, own] {
            let token = try #require(node.response(to: query, from: contact.endpoint)?.token)
            _ = node.ask(
                .announcePeer(infoHash: Self.torrent, port: contact.endpoint.port, token: token),
                from: contact.endpoint)
        }
        let outside = try #require(node.response(to: query, from: .sample(1)))
        #expect(outside.nodes == [] && outside.peers == [])
        let other = try #require(Endpoint("192.168.1.10:6881"))
        let nearby = try #require(node.response(to: query, from: other))
        #expect(nearby.nodes == [neighbour] && nearby.peers == [neighbour.endpoint])
        let process = try #require(Endpoint("127.0.0.1:9999"))
        let here = try #require(node.response(to: query, from: process))
        #expect(Set(here.peers) == [neighbour.endpoint, own.endpoint])
    }

    @Test("no answer is longer than a datagram may be, however much there is to tell")
    func datagramLength() throws {
        let node = TestNode(families: [.v4, .v6])
        for number in 0..<20 {
            node.meet(.sample(UInt32(number)))
            node.pass(.milliseconds(200))
        }
        node.pass(.seconds(10))
        for number in 100..<300 {
            let query = DHTQuery.getPeers(infoHash: Self.torrent)
            let source = Endpoint.sample(UInt32(number))
            let token = try #require(node.response(to: query, from: source)?.token)
            _ = node.ask(
                .announcePeer(
                    infoHash: Self.torrent, port: 6881, token: token, isSeed: number % 2 == 0),
                from: source)
            node.pass(.seconds(1))
        }
        for (want, scrape) in [([], false), ([.v4, .v6], false), ([], true)]
            as [(WantedFamilies, Bool)]
        {
            let message = try #require(
                node.ask(
                    .getPeers(infoHash: Self.torrent, want: want, scrape: scrape),
                    from: .sample(999)))
            #expect(message.encoded.count <= KRPCMessage.sendLimit)
            guard case .response(let response, _) = message.body else { continue }
            #expect(response.peers.count > 10)
            #expect((response.seedFilter != nil) == scrape)
        }
        let leechers = node.response(
            to: .getPeers(infoHash: Self.torrent, noSeeds: true), from: .sample(999))
        let seeds = Set((100..<300).filter { $0 % 2 == 0 }.map { Endpoint.sample(UInt32($0)) })
        #expect(leechers?.peers.contains { seeds.contains($0) } == false)
    }

    @Test("torrents are sampled (BEP 51)")
    func samples() throws {
        let node = TestNode()
        let query = DHTQuery.getPeers(infoHash: Self.torrent)
        let token = try #require(node.response(to: query, from: .sample(1))?.token)
        _ = node.ask(
            .announcePeer(infoHash: Self.torrent, port: 1, token: token), from: .sample(1))
        let sample = node.response(to: .sampleInfohashes(target: .sample(3)), from: .sample(1))
        #expect(sample?.samples == [Self.torrent])
        #expect(sample?.sampleCount == 1)
    }

    @Test("items are kept, replaced by newer ones only, and refused where they are false (BEP 44)")
    func items() throws {
        let node = TestNode()
        let seed = [UInt8](repeating: 1, count: 32)
        let key = try #require(Ed25519.publicKey(seed: seed))
        func item(_ sequence: Int64, _ value: String) throws -> MutableItem {
            let value = Array(value.utf8)
            let signed = MutableItem.signedBytes(salt: [], sequence: sequence, value: value)
            return MutableItem(
                key: key, sequence: sequence, value: value,
                signature: try #require(Ed25519.signature(of: signed, seed: seed)))
        }
        let target = MutableItem.target(key: key, salt: [], hashing: OpenSSLHashing())
        let source = Endpoint.sample(1)
        let get = DHTQuery.get(target: target)
        let token = try #require(node.response(to: get, from: source)?.token)
        func put(_ sequence: Int64, _ value: String, expected: Int64? = nil) throws -> DHTQuery {
            .put(.mutable(try item(sequence, value)), expected: expected, token: token)
        }
        #expect(try node.response(to: put(2, "1:b"), from: source) != nil)
        #expect(try node.error(to: put(1, "1:a"), from: source) == .outdated)
        #expect(try node.error(to: put(2, "1:x"), from: source) == .outdated)
        #expect(try node.response(to: put(2, "1:b"), from: source) != nil)
        #expect(
            try node.error(to: put(3, "1:c", expected: 1), from: source) == .sequenceMismatch)
        #expect(try node.response(to: put(3, "1:c", expected: 2), from: source) != nil)
        var forged = try item(9, "1:z")
        forged.signature[0] ^= 1
        #expect(
            node.error(to: .put(.mutable(forged), token: token), from: source) == .invalidSignature)
        let found = try #require(node.response(to: get, from: .sample(2)))
        let third = try item(3, "1:c")
        #expect(
            found.item(target: target, salt: [], hashing: OpenSSLHashing(), verifier: Ed25519())
                == .mutable(third))
        let known = node.response(to: .get(target: target, sequence: 3), from: .sample(2))
        #expect(known?.sequence == 3 && known?.value == nil && known?.key == nil)
        node.pass(.seconds(2 * 60 * 60 + 1))
        #expect(node.response(to: get, from: .sample(2))?.value == nil)
    }

    @Test("who is not reachable, as far as it knows, is silent and says so (BEP 43)")
    func readOnly() throws {
        let node = TestNode(participation: .automatic)
        // It only knows us because we have asked it.
        let entrance = NodeContact.sample(1)
        node.command { $0.bootstrap([entrance.endpoint], areRouters: false, now: $1) }
        #expect(node.sent.first?.message.isReadOnly == true)
        #expect(node.ask(.ping, from: entrance.endpoint) == nil)
        // Somebody whom we have never asked: a way to us is open.
        #expect(node.ask(.ping, from: .sample(2)) != nil)
        #expect(node.ask(.ping, from: entrance.endpoint) != nil)
    }

    @Test("who knows its way about answers for a while, and no longer if nobody comes")
    func trial() throws {
        let node = TestNode(participation: .automatic)
        let entrance = NodeContact.sample(1)
        node.command { $0.bootstrap([entrance.endpoint], areRouters: false, now: $1) }
        node.answerAll(at: entrance)
        node.pass(.seconds(5))
        #expect(node.told.contains(.bootstrapped(.v4)))
        #expect(node.machine.isServing(.v4))
        #expect(node.ask(.ping, from: entrance.endpoint) != nil)
        node.pass(.seconds(17 * 60))
        #expect(!node.machine.isServing(.v4))
    }
}
