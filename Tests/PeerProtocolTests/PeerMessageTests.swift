import PeerProtocol
import Testing
import TorrentCore

@Suite("Messages (BEP 3, 5, 6, 10, 52)")
struct PeerMessageTests {
    static let all: [PeerMessage] = [
        .keepAlive, .choke, .unchoke, .interested, .notInterested, .have(PieceIndex(0x0102_0304)),
        .bitfield([0xF0, 1]), .request(block(1, 2, 3)), .cancel(block(4, 5, 6)), .port(6881),
        .suggest(PieceIndex(9)), .haveAll, .haveNone, .reject(block(7, 8, 9)),
        .allowedFast(PieceIndex(3)), .extended(0, Array("de".utf8)),
        .hashRequest(hashRequest()), .hashReject(hashRequest()),
        .hashes(hashRequest(), Array(repeating: 7, count: 5 * 32)),
    ]
    private static let limits = PeerMessageLimits(
        acceptsFast: true, acceptsExtensions: true, acceptsHashes: true)

    private static func encoded(_ message: PeerMessage) -> [UInt8] {
        var bytes: [UInt8] = []
        PeerMessageEncoder.append(message, to: &bytes)
        return bytes
    }

    private static func decode(
        _ bytes: [UInt8], _ limits: PeerMessageLimits = limits
    ) throws(PeerCloseReason) -> PeerMessage? {
        var decoder = PeerMessageDecoder(limits: limits)
        var position = 0
        return try decoder.next(bytes.span, from: &position)
    }

    @Test(arguments: all)
    func `a message survives a round trip`(_ message: PeerMessage) throws {
        #expect(try Self.decode(Self.encoded(message)) == message)
    }

    @Test func `messages have the bytes that the BEPs give them`() {
        #expect(Self.encoded(.keepAlive) == [0, 0, 0, 0])
        #expect(Self.encoded(.unchoke) == [0, 0, 0, 1, 1])
        #expect(Self.encoded(.have(PieceIndex(258))) == [0, 0, 0, 5, 4, 0, 0, 1, 2])
        #expect(
            Self.encoded(.request(block(1, 16_384, 16_384)))
                == [0, 0, 0, 13, 6, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 0, 0x40, 0])
        #expect(
            Self.encoded(.piece(block(1, 2, 16_384)))
                == [0, 0, 0x40, 9, 7, 0, 0, 0, 1, 0, 0, 0, 2])
        #expect(Self.encoded(.extended(3, [1])) == [0, 0, 0, 3, 20, 3, 1])
        #expect(Self.encoded(.port(0x1AE1)) == [0, 0, 0, 3, 9, 0x1A, 0xE1])
    }

    @Test(arguments: all)
    func `a truncated message is awaited, and read once it is whole`(
        _ message: PeerMessage
    ) throws {
        let bytes = Self.encoded(message)
        for count in 0..<bytes.count {
            var decoder = PeerMessageDecoder(limits: Self.limits)
            let head = try decoder.first(Array(bytes[..<count]))
            #expect(head.message == nil && head.count == count)
            let rest = try decoder.first(Array(bytes[count...]))
            #expect(rest.message == message && rest.count == bytes.count - count)
        }
    }

    @Test func `a message of the wrong length is refused by its head alone`() {
        let wrong: [(UInt8, UInt32)] = [
            (0, 2), (1, 2), (2, 5), (3, 2), (4, 4), (4, 6), (6, 12), (6, 14), (7, 8),
            (7, 9 + 128 * 1024 + 1), (8, 1), (9, 2), (13, 4), (14, 2), (15, 5), (16, 12),
            (17, 6), (20, 1), (20, 2 + 1 << 20), (21, 48), (5, 2 + 2 << 20), (5, .max),
            (99, 2 + 1 << 20), (99, .max),
        ]
        for (identifier, length) in wrong {
            var bytes: [UInt8] = []
            bytes.appendBigEndian(length)
            bytes.append(identifier)
            #expect(throws: PeerCloseReason.wrongLength(message: identifier, length: length)) {
                try Self.decode(bytes)
            }
        }
    }

    @Test func `the size of the torrent bounds a bitfield exactly`() throws {
        var limits = Self.limits
        limits.bitfieldLength = 2
        #expect(try Self.decode(Self.encoded(.bitfield([1, 2])), limits) == .bitfield([1, 2]))
        for bytes in [[], [1], [1, 2, 3]] as [[UInt8]] {
            #expect(throws: PeerCloseReason.self) {
                try Self.decode(Self.encoded(.bitfield(bytes)), limits)
            }
        }
    }

    @Test func `an extension's message is bounded by what that extension sends`() {
        let wrong: [(UInt8, UInt32)] = [
            (ExtensionID.handshake, 2 + 64 * 1024 + 1), (ExtensionID.metadata, 2 + 32 * 1024 + 1),
            (ExtensionID.dontHave, 7), (ExtensionID.uploadOnly, 7), (ExtensionID.fetching, 7),
        ]
        for (identifier, length) in wrong {
            var bytes: [UInt8] = []
            bytes.appendBigEndian(length)
            bytes += [20, identifier]
            #expect(throws: PeerCloseReason.wrongLength(message: 20, length: length)) {
                try Self.decode(bytes)
            }
        }
    }

    @Test func `messages of extensions that were not negotiated are refused`() {
        for identifier in [13, 14, 15, 16, 17, 21, 22, 23] as [UInt8] {
            #expect(throws: PeerCloseReason.notNegotiated(message: identifier)) {
                try Self.decode([0, 0, 0, 5, identifier, 0, 0, 0, 0], PeerMessageLimits())
            }
        }
    }

    @Test func `an unknown message is passed over, wherever it is cut`() throws {
        let strangers: [[UInt8]] = [
            [0, 0, 0, 4, 99, 1, 2, 3], [0, 0, 0, 1, 10], [0, 0, 0, 5, 20, 77, 1, 2, 3],
            [0, 0, 0, 2, 20, 200], [0, 0, 0, 3, 24, 1, 1],
        ]
        for stranger in strangers {
            let stream = stranger + Self.encoded(.interested)
            for cut in 0...stream.count {
                var decoder = PeerMessageDecoder(limits: Self.limits)
                var messages: [PeerMessage] = []
                for part in [Array(stream[..<cut]), Array(stream[cut...])] {
                    var position = 0
                    while let message = try decoder.next(part.span, from: &position) {
                        messages.append(message)
                    }
                }
                #expect(messages == [.ignored(stranger[4]), .interested])
            }
        }
    }

    @Test func `numbers beyond 31 bits are refused`() {
        let high: [UInt8] = [0x80, 0, 0, 0]
        let zero: [UInt8] = [0, 0, 0, 0]
        #expect(throws: PeerCloseReason.invalidPiece(0x8000_0000)) {
            try Self.decode([0, 0, 0, 5, 4] + high)
        }
        for payload in [high + zero + zero, zero + high + zero, zero + zero + high] {
            #expect(throws: PeerCloseReason.invalidRequest) {
                try Self.decode([0, 0, 0, 13, 6] + payload)
            }
        }
        for payload in [high + zero, zero + high] {
            #expect(throws: PeerCloseReason.invalidBlock) {
                try Self.decode([0, 0, 0, 9, 7] + payload)
            }
        }
    }

    @Test func `random bytes never crash the decoder`() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<5000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let message = Self.all.randomElement(using: &random) ?? .keepAlive
                bytes += Self.encoded(message)
            }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = .random(in: 0...255, using: &random)
            }
            var decoder = PeerMessageDecoder(limits: Self.limits)
            var position = 0
            while let message = try? decoder.next(bytes.span, from: &position) {
                if case .piece(let block) = message { decoder.skip(Int(block.length)) }
            }
            #expect(position <= bytes.count)
        }
    }
}
