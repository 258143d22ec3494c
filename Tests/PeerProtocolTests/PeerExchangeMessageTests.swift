import PeerProtocol
import Testing
import TorrentCore

@Suite("Peer exchange messages (BEP 11)")
struct PeerExchangeMessageTests {
    private static func parse(_ bytes: [UInt8]) throws(PeerCloseReason) -> PeerExchangeMessage {
        try PeerExchangeMessage(parsing: bytes)
    }

    private static func parse(_ text: String) throws(PeerCloseReason) -> PeerExchangeMessage {
        try parse(Array(text.utf8))
    }

    private static func endpoint(_ text: String) throws -> Endpoint {
        try #require(Endpoint(text))
    }

    @Test func `a message has the bytes that BEP 11 gives it`() throws {
        let message = PeerExchangeMessage(
            added: [
                PeerExchangeContact(try Self.endpoint("65.66.67.68:17734"), flags: [.seed]),
                PeerExchangeContact(
                    try Self.endpoint("[4142:4344:4546:4748:494a:4b4c:4d4e:4f50]:20818"),
                    flags: [.utp, .reachable]),
            ], dropped: [try Self.endpoint("97.98.99.100:25958")])
        #expect(
            message.encoded()
                == Array("d5:added6:ABCDEF7:added.f1:\u{2}6:added618:ABCDEFGHIJKLMNOPQR".utf8)
                + Array("8:added6.f1:\u{14}7:dropped6:abcdef8:dropped60:e".utf8))
    }

    @Test func `what is written is read back`() throws {
        let added = try (1...60).map { number in
            PeerExchangeContact(
                try Self.endpoint(
                    number.isMultiple(of: 2) ? "[2001:db8::\(number)]:5000" : "9.9.9.\(number):5000"
                ), flags: .init(rawValue: UInt8(number)))
        }
        let message = PeerExchangeMessage(
            added: added.filter { !$0.endpoint.address.isV6 }
                + added.filter { $0.endpoint.address.isV6 },
            dropped: [try Self.endpoint("1.2.3.4:5"), try Self.endpoint("[::5]:6")])
        #expect(try Self.parse(message.encoded()) == message)
    }

    @Test func `what is missing counts as empty`() throws {
        #expect(try Self.parse("de").isEmpty)
        let one = try Self.parse("d5:added6:ABCDEFe")
        #expect(one.added.map(\.flags) == [[]])
        #expect(one.added.map(\.endpoint) == [try Self.endpoint("65.66.67.68:17734")])
    }

    @Test func `strings of odd lengths and flags that do not fit count as absent`() throws {
        #expect(try Self.parse("d5:added7:ABCDEFGe").isEmpty)
        #expect(try Self.parse("d6:added66:ABCDEFe").isEmpty)
        #expect(try Self.parse("d5:added6:ABCDEF7:added.f2:xxe").added.map(\.flags) == [[]])
        #expect(try Self.parse("d5:addedi5e7:droppedlee").isEmpty)
    }

    @Test func `addresses that nothing can be sent to are left out`() throws {
        let port0 = Array("d5:added6:ABCD".utf8) + [0, 0] + Array("e".utf8)
        #expect(try Self.parse(port0).isEmpty)
        let multicast = Array("d7:dropped6:".utf8) + [239, 1, 2, 3, 4, 5] + Array("e".utf8)
        #expect(try Self.parse(multicast).isEmpty)
    }

    @Test func `what is no dictionary is refused, at every truncation`() throws {
        let bytes = PeerExchangeMessage(
            added: [PeerExchangeContact(try Self.endpoint("9.8.7.6:5000"))]
        ).encoded()
        for count in 0..<bytes.count {
            #expect(throws: PeerCloseReason.invalidExtensionMessage) {
                try Self.parse(Array(bytes[..<count]))
            }
        }
        #expect(throws: PeerCloseReason.invalidExtensionMessage) { try Self.parse("le") }
    }
}
