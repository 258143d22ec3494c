import PeerProtocol
import Testing
import TorrentCore

/// One side's exchange; a class, for `#expect` takes no mutating calls.
private final class Exchange {
    private var exchange = PeerExchange(now: .zero)

    var nextSend: Timestamp { exchange.nextSend }

    func send(
        _ contacts: [PeerExchangeContact], to receiver: String = "9.0.0.1:7000",
        at seconds: Double
    ) throws -> PeerExchangeMessage? {
        exchange.nextMessage(
            contacts, to: try #require(Endpoint(receiver)), now: .zero + .seconds(seconds))
    }

    func receive(
        _ message: PeerExchangeMessage, from sender: String = "9.0.0.1", at seconds: Double = 0
    ) throws -> PeerExchangeMessage {
        try exchange.received(
            message, from: try #require(IPAddress(sender)), now: .zero + .seconds(seconds))
    }
}

private func contact(_ text: String) throws -> PeerExchangeContact {
    PeerExchangeContact(try #require(Endpoint(text)))
}

private func contacts(_ numbers: ClosedRange<Int>) throws -> [PeerExchangeContact] {
    try numbers.map { try contact("9.1.\($0 / 250).\($0 % 250 + 1):6881") }
}

@Suite("Peer exchange (BEP 11): telling")
struct PeerExchangeSendingTests {
    @Test func `the first message waits a second, the next ones a minute`() throws {
        let exchange = Exchange()
        #expect(try exchange.send(contacts(1...3), at: 0.5) == nil)
        #expect(try exchange.send(contacts(1...3), at: 1)?.added == contacts(1...3))
        #expect(try exchange.send(contacts(1...9), at: 60.9) == nil)
        #expect(try exchange.send(contacts(1...9), at: 61)?.added == contacts(4...9))
    }

    @Test func `nothing to tell is told as soon as there is something`() throws {
        let exchange = Exchange()
        #expect(try exchange.send([], at: 1) == nil)
        #expect(exchange.nextSend == .zero + .seconds(3))
        #expect(try exchange.send(contacts(1...1), at: 3)?.added == contacts(1...1))
    }

    @Test func `who has gone is dropped once`() throws {
        let exchange = Exchange()
        _ = try exchange.send(contacts(1...3), at: 1)
        let message = try #require(try exchange.send(contacts(2...4), at: 61))
        #expect(message.added == (try contacts(4...4)))
        #expect(message.dropped == (try contacts(1...1).map(\.endpoint)))
        #expect(try exchange.send(contacts(2...4), at: 121) == nil)
    }

    @Test func `a message adds and drops at most fifty, and the rest goes a minute later`() throws {
        let exchange = Exchange()
        #expect(try exchange.send(contacts(1...120), at: 1)?.added == contacts(1...50))
        #expect(try exchange.send(contacts(1...120), at: 61)?.added == contacts(51...100))
        #expect(try exchange.send(contacts(1...120), at: 121)?.added == contacts(101...120))
        #expect(try exchange.send([], at: 181)?.dropped.count == 50)
        #expect(try exchange.send([], at: 241)?.dropped.count == 50)
        #expect(try exchange.send([], at: 301)?.dropped.count == 20)
    }

    @Test func `a peer is not told of itself`() throws {
        let exchange = Exchange()
        #expect(try exchange.send([contact("9.0.0.1:7000")], at: 1) == nil)
    }

    @Test(arguments: [
        ("9.0.0.1:7000", ["9.9.9.9:5000"]),
        ("192.168.1.2:7000", ["192.168.1.3:5000", "9.9.9.9:5000"]),
        ("127.0.0.1:7000", ["127.0.0.1:5000", "192.168.1.3:5000", "9.9.9.9:5000"]),
        ("[2001:db8::1]:7000", ["9.9.9.9:5000"]),
        ("[fe80::1]:7000", ["192.168.1.3:5000", "9.9.9.9:5000"]),
    ])
    func `a peer outside learns nothing of the network inside`(
        receiver: String, told: [String]
    ) throws {
        let all = try ["127.0.0.1:5000", "192.168.1.3:5000", "9.9.9.9:5000"].map(contact)
        #expect(try Exchange().send(all, to: receiver, at: 1)?.added == told.map(contact))
    }
}

@Suite("Peer exchange (BEP 11): being told")
struct PeerExchangeReceivingTests {
    private func message(_ texts: String...) throws -> PeerExchangeMessage {
        PeerExchangeMessage(added: try texts.map(contact))
    }

    @Test func `nobody names addresses of networks that they are not in`() throws {
        let all = try message("127.0.0.1:5000", "10.0.0.1:5000", "[fc00::1]:5000", "9.9.9.9:5000")
        #expect(try Exchange().receive(all) == message("9.9.9.9:5000"))
        #expect(
            try Exchange().receive(all, from: "10.0.0.7")
                == message("10.0.0.1:5000", "[fc00::1]:5000", "9.9.9.9:5000"))
        #expect(try Exchange().receive(all, from: "127.0.0.1") == all)
    }

    @Test func `the ports of other services are no peers`() throws {
        #expect(
            try Exchange().receive(message("9.9.9.9:80", "9.9.9.9:1023", "9.9.9.8:1024"))
                == message("9.9.9.8:1024"))
    }

    @Test func `one address counts once, at whatever port`() throws {
        let exchange = Exchange()
        #expect(
            try exchange.receive(message("9.9.9.9:5000", "9.9.9.9:5001")).added
                == [contact("9.9.9.9:5000")])
        #expect(try exchange.receive(message("9.9.9.9:5002"), at: 60).isEmpty)
    }

    @Test func `a first message may tell of a hundred, later ones of fifty`() throws {
        let exchange = Exchange()
        let many = PeerExchangeMessage(added: try contacts(1...300))
        #expect(try exchange.receive(many).added == contacts(1...100))
        let more = PeerExchangeMessage(added: try contacts(301...400))
        #expect(try exchange.receive(more, at: 60).added == contacts(301...350))
    }

    @Test func `messages beyond one a minute are ignored, and many more close`() throws {
        let exchange = Exchange()
        for number in 1...3 {
            #expect(!(try exchange.receive(message("9.9.9.\(number):5000")).isEmpty))
        }
        for number in 4...13 {
            #expect(try exchange.receive(message("9.9.9.\(number):5000"), at: 1).isEmpty)
        }
        #expect(throws: PeerCloseReason.peerExchangeFlood) {
            try exchange.receive(message("9.9.9.99:5000"), at: 2)
        }
    }

    @Test func `one message a minute is fine for ever`() throws {
        let exchange = Exchange()
        for minute in 0..<600 {
            let text = "9.9.\(minute / 200).\(minute % 200 + 1):5000"
            #expect(!(try exchange.receive(message(text), at: Double(minute) * 60)).isEmpty)
        }
    }

    @Test func `a peer that never drops anybody is believed a thousand times`() throws {
        let exchange = Exchange()
        var believed = 0
        for minute in 0..<40 {
            let start = minute * 50 + 1
            let message = PeerExchangeMessage(added: try contacts(start...start + 49))
            believed += try exchange.receive(message, at: Double(minute) * 60).added.count
        }
        #expect(believed == 1000)
    }
}

@Suite("Peer exchange (BEP 11): on a connection")
struct PeerExchangeConnectionTests {
    private let told = PeerExchangeMessage(dropped: [
        Endpoint(address: .v4(0x0909_0909), port: 5000)
    ])

    @Test func `we offer it, and send with the peer's number`() throws {
        let connection = Connection(role: .incoming)
        _ = connection.receive(bytes: Connection.handshake().bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: Connection.geometry, have: nil,
            metadataSize: nil, now: .zero)
        let offer = Array(connection.output().dropFirst(68))
        #expect(String(decoding: offer, as: UTF8.self).contains("6:ut_pexi1e"))
        connection.machine.sendPeerExchange(told)
        #expect(connection.output().isEmpty)
        connection.receiveExtensionHandshake { $0.peerExchangeID = 2 }
        #expect(connection.machine.supportsPeerExchange)
        connection.machine.sendPeerExchange(told)
        #expect(connection.sent() == [.extended(2, told.encoded())])
    }

    @Test func `what the peer tells is reported`() {
        let connection = Connection.open()
        #expect(
            connection.receive(.extended(ExtensionID.peerExchange, told.encoded()))
                == [.peerExchange(told)])
        #expect(
            connection.receive(.extended(ExtensionID.peerExchange, [1])).closeReason
                == .invalidExtensionMessage)
    }

    @Test func `a message that is too long closes before it is read`() {
        let connection = Connection.open()
        let length = UInt32(16 * 1024 + 3)
        var bytes: [UInt8] = []
        bytes.appendBigEndian(length)
        #expect(
            connection.receive(bytes: bytes + [20, ExtensionID.peerExchange]).closeReason
                == .wrongLength(message: 20, length: length))
    }

    @Test func `peers of a private torrent are not exchanged`() {
        let connection = Connection.open(isPrivate: true)
        connection.receiveExtensionHandshake { $0.peerExchangeID = 2 }
        #expect(!connection.machine.supportsPeerExchange)
        connection.machine.sendPeerExchange(told)
        #expect(connection.sent().isEmpty)
        #expect(
            connection.receive(.extended(ExtensionID.peerExchange, told.encoded())).isEmpty)
    }

    @Test func `a torrent that turns out to be private ends it on both sides`() {
        let connection = Connection.open(geometry: nil)
        connection.receiveExtensionHandshake { $0.peerExchangeID = 2 }
        connection.machine.endPeerExchange()
        #expect(
            connection.sent() == [.extended(0, Array("d1:md12:ut_holepunchi0e6:ut_pexi0eee".utf8))])
        connection.machine.sendPeerExchange(told)
        #expect(connection.sent().isEmpty)
        #expect(
            connection.receive(.extended(ExtensionID.peerExchange, told.encoded())).isEmpty)
    }
}
