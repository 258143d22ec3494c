import PeerProtocol
import Testing
import TorrentCore

@Suite("Metadata messages (BEP 9)")
struct MetadataMessageTests {
    private static func parse(_ text: String) throws(PeerCloseReason) -> MetadataMessage? {
        try MetadataMessage.parse(Array(text.utf8))
    }

    @Test func `messages have the bytes that BEP 9 gives them`() throws {
        #expect(
            MetadataMessage.request(piece: 0).encoded() == Array("d8:msg_typei0e5:piecei0ee".utf8))
        #expect(
            MetadataMessage.data(piece: 0, totalSize: 3, bytes: [1, 2, 3]).encoded()
                == Array("d8:msg_typei1e5:piecei0e10:total_sizei3ee".utf8) + [1, 2, 3])
        #expect(
            MetadataMessage.reject(piece: 7).encoded() == Array("d8:msg_typei2e5:piecei7ee".utf8))
    }

    @Test func `what is written is read back`() throws {
        let full = [UInt8](repeating: 9, count: 16_384)
        let messages: [MetadataMessage] = [
            .request(piece: 5), .reject(piece: 16_383),
            .data(piece: 1, totalSize: 40_000, bytes: full),
            .data(piece: 2, totalSize: 40_000, bytes: Array(full[..<7232])),
            .data(piece: 0, totalSize: 16_384, bytes: full),
        ]
        for message in messages {
            #expect(try MetadataMessage.parse(message.encoded()) == message)
        }
    }

    @Test func `a type that BEP 9 does not know is ignored`() throws {
        #expect(try Self.parse("d8:msg_typei3e5:piecei0ee") == nil)
        #expect(try Self.parse("d8:msg_typei-1e5:piecei0ee") == nil)
    }

    @Test func `numbers out of bounds are refused`() {
        let wrong = [
            "d8:msg_typei0ee", "d5:piecei0ee", "d8:msg_typei0e5:piecei-1ee",
            "d8:msg_typei0e5:piecei16384ee", "d8:msg_typei0e5:piece1:0e", "le", "",
            "d8:msg_typei1e5:piecei0eeabc", "d8:msg_typei1e5:piecei0e10:total_sizei0ee",
            "d8:msg_typei1e5:piecei1e10:total_sizei3eeabc",
            "d8:msg_typei1e5:piecei0e10:total_sizei268435457eeabc",
            "d8:msg_typei1e5:piecei0e10:total_sizei-3eeabc",
        ]
        for text in wrong {
            #expect(throws: PeerCloseReason.invalidExtensionMessage) { try Self.parse(text) }
        }
    }

    @Test func `every truncation and every byte too many is refused`() {
        let bytes = MetadataMessage.data(piece: 0, totalSize: 30, bytes: Array(0..<30)).encoded()
        for count in 0..<bytes.count {
            #expect(throws: PeerCloseReason.invalidExtensionMessage) {
                try MetadataMessage.parse(Array(bytes[..<count]))
            }
        }
        #expect(throws: PeerCloseReason.invalidExtensionMessage) {
            try MetadataMessage.parse(bytes + [0])
        }
    }

    @Test func `random damage never crashes the parser`() {
        var random = SeededRandom(seed: 9)
        let sample = MetadataMessage.data(piece: 0, totalSize: 30, bytes: Array(0..<30)).encoded()
        for _ in 0..<5000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = .random(in: 0...255, using: &random)
            }
            if let message = try? MetadataMessage.parse(bytes) {
                #expect((try? MetadataMessage.parse(message.encoded())) == message)
            }
        }
    }
}
