import PeerProtocol
import Testing
import TorrentCore

@Suite("Holepunch messages (BEP 55)")
struct HolepunchMessageTests {
    private static let v4 = Endpoint(address: .v4(0x0102_0304), port: 0x0506)
    private static let v6 = Endpoint(
        address: .v6(0x2001_0DB8_0000_0000, 0x0000_0000_0000_0001), port: 0x0506)

    private static func parse(_ bytes: [UInt8]) throws(PeerCloseReason) -> HolepunchMessage? {
        try HolepunchMessage.parse(bytes)
    }

    @Test func `messages have the bytes that BEP 55 gives them`() {
        #expect(
            HolepunchMessage.rendezvous(Self.v4).encoded()
                == [0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0])
        #expect(
            HolepunchMessage.connect(Self.v6).encoded()
                == [1, 1, 0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1, 5, 6]
                + [0, 0, 0, 0])
        #expect(
            HolepunchMessage.failed(Self.v4, .noSupport).encoded()
                == [2, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 3])
    }

    @Test func `what is written is read back, and libtorrent's shorter form too`() throws {
        let messages: [HolepunchMessage] = [
            .rendezvous(Self.v4), .rendezvous(Self.v6), .connect(Self.v4), .connect(Self.v6),
            .failed(Self.v4, .noSuchPeer), .failed(Self.v6, .noSelf),
        ]
        for message in messages {
            #expect(message.encoded().count <= HolepunchMessage.maximumLength)
            #expect(try Self.parse(message.encoded()) == message)
        }
        #expect(try Self.parse([0, 0, 1, 2, 3, 4, 5, 6]) == .rendezvous(Self.v4))
    }

    @Test func `types and errors that nobody knows are ignored`() throws {
        #expect(try Self.parse([3, 0, 1, 2, 3, 4, 5, 6]) == nil)
        #expect(try Self.parse([2, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 9]) == nil)
    }

    @Test func `what is too short, or of no address family, is refused`() {
        let whole = HolepunchMessage.failed(Self.v6, .noSelf).encoded()
        for count in 0..<whole.count {
            #expect(throws: PeerCloseReason.invalidExtensionMessage) {
                try Self.parse(Array(whole[..<count]))
            }
        }
        #expect(throws: PeerCloseReason.invalidExtensionMessage) {
            try Self.parse([0, 2, 1, 2, 3, 4, 5, 6])
        }
    }
}

/// One client's decisions, in a swarm of which it knows who is connected; a class, for `#expect`
/// takes no mutating calls.
private final class Client {
    private var machine = Holepunch()
    private let own = Endpoint(address: .v4(0x0900_0064), port: 5000)
    var peers: [Holepunch.Peer] = []

    static func peer(
        _ number: UInt32, address: UInt32? = nil, isSupporting: Bool = true
    ) -> Holepunch.Peer {
        Holepunch.Peer(
            key: number,
            endpoint: Endpoint(address: .v4(address ?? 0x0900_0000 + number), port: 5000),
            isSupporting: isSupporting)
    }

    func received(
        _ message: HolepunchMessage, from sender: Holepunch.Peer, at seconds: Double = 0
    ) -> [Holepunch.Action] {
        machine.received(
            message, from: sender, now: .zero + .seconds(seconds), isSelf: { $0 == own },
            find: { endpoint in peers.first { $0.endpoint == endpoint } })
    }

    func dialFailed(
        _ endpoint: Endpoint, relay: Holepunch.Peer, at seconds: Double = 0
    ) -> Holepunch.Action? {
        machine.dialFailed(endpoint, relay: relay, now: .zero + .seconds(seconds))
    }

    func disconnected(_ peer: UInt32) { machine.disconnected(peer) }

    func named(_ endpoints: [Endpoint], by relay: UInt32) { machine.named(endpoints, by: relay) }

    func takeRelay(for endpoint: Endpoint) -> UInt32? { machine.takeRelay(for: endpoint) }
}

@Suite("Holepunching (BEP 55): introducing others")
struct HolepunchRelayTests {
    private let first = Client.peer(1)
    private let second = Client.peer(2)

    @Test func `both are told of each other`() {
        let client = Client()
        client.peers = [first, second]
        #expect(
            client.received(.rendezvous(second.endpoint), from: first) == [
                .send(peer: 2, .connect(first.endpoint)),
                .send(peer: 1, .connect(second.endpoint)),
            ])
    }

    @Test func `who asks learns why it comes to nothing`() {
        let client = Client()
        let deaf = Client.peer(3, isSupporting: false)
        client.peers = [first, deaf]
        let nowhere = Endpoint(address: .v4(0), port: 5)
        let own = Endpoint(address: .v4(0x0900_0064), port: 5000)
        let expected: [(Endpoint, HolepunchMessage.Failure)] = [
            (second.endpoint, .notConnected), (deaf.endpoint, .noSupport),
            (nowhere, .noSuchPeer), (own, .noSelf), (first.endpoint, .noSupport),
        ]
        for (endpoint, failure) in expected {
            #expect(
                client.received(.rendezvous(endpoint), from: first)
                    == [.send(peer: 1, .failed(endpoint, failure))])
        }
    }

    @Test func `who does not take part is ignored`() {
        let client = Client()
        client.peers = [second]
        let deaf = Client.peer(3, isSupporting: false)
        #expect(client.received(.rendezvous(second.endpoint), from: deaf).isEmpty)
        #expect(client.received(.connect(first.endpoint), from: deaf).isEmpty)
    }

    @Test func `nobody is introduced into another network`() {
        let client = Client()
        let inside = Client.peer(4, address: 0x0A00_0001)
        client.peers = [first, inside]
        #expect(
            client.received(.rendezvous(inside.endpoint), from: first)
                == [.send(peer: 1, .failed(inside.endpoint, .noSupport))])
    }

    @Test func `one peer gets few introductions, and more with time`() {
        let client = Client()
        client.peers = [first, second]
        let message = HolepunchMessage.rendezvous(second.endpoint)
        var count = 0
        for _ in 0..<50 where !client.received(message, from: first).isEmpty { count += 1 }
        #expect(count == 10)
        #expect(!client.received(message, from: first, at: 10).isEmpty)
        #expect(client.received(message, from: first, at: 10).isEmpty)
    }
}

@Suite("Holepunching (BEP 55): being introduced")
struct HolepunchDiallingTests {
    private let relay = Client.peer(1)
    private let target = Endpoint(address: .v4(0x0900_0009), port: 5000)

    @Test func `a failed dial asks for an introduction, once, and follows it`() {
        let client = Client()
        #expect(
            client.dialFailed(target, relay: relay)
                == .send(peer: 1, .rendezvous(target)))
        #expect(client.dialFailed(target, relay: relay, at: 1) == nil)
        #expect(client.received(.connect(target), from: relay, at: 2) == [.dial(target)])
    }

    @Test func `where it fails it may be asked for again`() {
        let client = Client()
        _ = client.dialFailed(target, relay: relay)
        #expect(client.received(.failed(target, .notConnected), from: relay).isEmpty)
        #expect(client.dialFailed(target, relay: relay, at: 1) != nil)
        #expect(client.dialFailed(target, relay: relay, at: 30) != nil)
        client.disconnected(1)
        #expect(client.dialFailed(target, relay: relay, at: 31) != nil)
    }

    @Test func `who has gone introduces nobody, and takes no place from those who are here`() {
        let client = Client()
        let others = (0..<600).map {
            Endpoint(address: .v4(0x0800_0000 + UInt32($0)), port: 5000)
        }
        client.named(others, by: 1)
        #expect(client.takeRelay(for: others[0]) == 1)
        #expect(client.takeRelay(for: others[0]) == nil)
        #expect(client.takeRelay(for: others[599]) == nil)
        client.disconnected(1)
        #expect(client.takeRelay(for: others[1]) == nil)
        client.named([target], by: 2)
        #expect(client.takeRelay(for: target) == 2)
    }

    @Test func `somebody else's wish is followed as well, but not many`() {
        let client = Client()
        var count = 0
        for number in 0..<50 {
            let endpoint = Endpoint(address: .v4(0x0800_0000 + UInt32(number)), port: 5000)
            if !client.received(.connect(endpoint), from: relay).isEmpty { count += 1 }
        }
        #expect(count == 10)
    }

    @Test func `nobody leads us into our own network, to ourselves, or to who is here already`() {
        let client = Client()
        client.peers = [Client.peer(2)]
        let targets: [Endpoint] = [
            Endpoint(address: .v4(0x7F00_0001), port: 5000),
            Endpoint(address: .v4(0x0A00_0001), port: 5000),
            Endpoint(address: .v4(0x0900_0064), port: 5000), Client.peer(2).endpoint,
            Endpoint(address: .v4(0x0808_0808), port: 0),
        ]
        for target in targets {
            #expect(client.received(.connect(target), from: relay).isEmpty)
        }
    }

    @Test func `who takes no part is not asked`() {
        #expect(
            Client().dialFailed(target, relay: Client.peer(1, isSupporting: false)) == nil)
    }
}
