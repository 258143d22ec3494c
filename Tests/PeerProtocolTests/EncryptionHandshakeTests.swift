import PeerProtocol
import Testing
import TorrentCore
import TorrentCrypto

typealias Encryption = EncryptionHandshake<DiffieHellman768, RC4>

@Suite("Message stream encryption")
struct EncryptionHandshakeTests {
    private static let hash = Connection.hash
    private static let both: EncryptionMethods = [.plaintext, .rc4]

    private static func opening(
        _ methods: EncryptionMethods = both, _ payload: [UInt8] = [], key: [UInt8]? = nil,
        seed: UInt64 = 1
    ) -> Encryption {
        var random = SeededRandom(seed: seed)
        return Encryption(
            opening: hash, offering: methods, initialPayload: payload,
            key: key.map(DiffieHellman768.init(privateKey:)) ?? DiffieHellman768(),
            hashing: OpenSSLHashing(), random: &random)
    }

    private static func answering(
        _ methods: EncryptionMethods = both, acceptsUnencrypted: Bool = true, key: [UInt8]? = nil,
        seed: UInt64 = 2
    ) -> Encryption {
        var random = SeededRandom(seed: seed)
        return Encryption(
            answeringWith: methods, acceptsUnencrypted: acceptsUnencrypted,
            key: key.map(DiffieHellman768.init(privateKey:)) ?? DiffieHellman768(),
            hashing: OpenSSLHashing(), random: &random)
    }

    /// Gives bytes in parts of `step`, and the torrent when it is asked for.
    private static func feed(
        _ bytes: [UInt8], to side: inout Encryption, step: Int = .max, torrent: SHA1Digest? = hash
    ) {
        var rest = bytes[...]
        while !rest.isEmpty, side.outcome == nil {
            Array(rest.prefix(step)).withUnsafeBytes { side.received($0) }
            rest = rest.dropFirst(step)
            if let wanted = side.wantedTorrent {
                #expect(wanted == Encryption.requestHash(of: hash, hashing: OpenSSLHashing()))
                side.serve(torrent)
            }
        }
    }

    /// Lets both sides talk until neither has anything to say.
    private static func talk(_ a: inout Encryption, _ b: inout Encryption, step: Int = .max) {
        while true {
            let fromA = a.takeOutput()
            feed(fromA, to: &b, step: step)
            let fromB = b.takeOutput()
            feed(fromB, to: &a, step: step)
            if fromA.isEmpty, fromB.isEmpty { return }
        }
    }

    // MARK: - Agreement

    @Test(arguments: [
        (both, both, EncryptionMethods.plaintext), (both, .rc4, .rc4), (.rc4, both, .rc4),
        (.plaintext, both, .plaintext), (.rc4, .rc4, .rc4),
    ])
    func `both sides agree on the cheapest method that both take`(
        offered: EncryptionMethods, accepted: EncryptionMethods, expected: EncryptionMethods
    ) {
        for (seed, step) in [(1, Int.max), (2, 1), (3, 7), (4, 100)] {
            var a = Self.opening(offered, [1, 2, 3], seed: UInt64(seed))
            var b = Self.answering(accepted, seed: UInt64(seed + 100))
            Self.talk(&a, &b, step: step)
            #expect(a.outcome == .established(expected))
            #expect(b.outcome == .established(expected))
            #expect(b.takePayload() == [1, 2, 3])
            #expect(a.takePayload() == [])
            #expect((a.outgoing != nil) == (expected == .rc4))
        }
    }

    @Test func `after the handshake both directions go on with their key streams`() {
        var a = Self.opening(.rc4)
        var b = Self.answering()
        Self.talk(&a, &b)
        for (sender, receiver) in [(a.outgoing, b.incoming), (b.outgoing, a.incoming)] {
            var bytes = Array("some words".utf8)
            sender?.apply(to: &bytes)
            #expect(bytes != Array("some words".utf8))
            receiver?.apply(to: &bytes)
            #expect(bytes == Array("some words".utf8))
        }
    }

    @Test func `nothing that is sent repeats from one connection to the next`() {
        var first = Self.opening()
        var second = Self.opening()
        #expect(first.takeOutput().prefix(96) != second.takeOutput().prefix(96))
    }

    @Test func `the padding is never longer than 512 bytes`() {
        var lengths: Set<Int> = []
        for seed in 0..<50 {
            var a = Self.opening(seed: UInt64(seed))
            lengths.insert(a.takeOutput().count - 96)
        }
        #expect(lengths.count > 20)
        #expect(lengths.allSatisfy { (0...512).contains($0) })
    }

    // MARK: - Recorded conversations

    @Test(arguments: [1, 3, 96, Int.max])
    func `an answer that another program wrote is read right`(step: Int) throws {
        for (answer, method) in [
            (RecordedEncryption.answer, EncryptionMethods.plaintext),
            (RecordedEncryption.answerRC4, .rc4),
        ] {
            let answer = try #require(answer)
            var a = Self.opening(key: RecordedEncryption.keyOfA)
            Self.feed(answer, to: &a)
            #expect(a.outcome == .established(method))
            #expect(a.takePayload() == Array("what B says".utf8))
            var slow = Self.opening(key: RecordedEncryption.keyOfA)
            Self.feed(answer, to: &slow, step: step)
            #expect(slow.outcome == .established(method))
        }
    }

    @Test func `an opening that another program wrote is read right`() throws {
        for (opening, method) in [
            (RecordedEncryption.opening, EncryptionMethods.plaintext),
            (RecordedEncryption.openingRC4, .rc4),
        ] {
            var b = Self.answering(key: RecordedEncryption.keyOfB)
            Self.feed(try #require(opening), to: &b)
            #expect(b.outcome == .established(method))
            #expect(b.takePayload() == Array("first words of A, and more".utf8))
        }
    }

    // MARK: - Without encryption

    @Test(arguments: [1, 19, 20, 68])
    func `a peer that does not encrypt is told apart by its first 20 bytes`(step: Int) {
        let bytes = Connection.handshake([]).bytes
        var b = Self.answering()
        var taken = 0
        while b.outcome == nil {
            bytes[taken..<min(68, taken + step)].withUnsafeBytes { b.received($0) }
            taken = min(68, taken + step)
        }
        #expect(b.outcome == .unencrypted)
        #expect(taken == (19 + step) / step * step)
        #expect(b.takePayload() == Array(bytes[..<taken]))
        #expect(b.takeOutput() == [])
    }

    @Test func `where encryption is required, who does not encrypt is refused`() {
        var b = Self.answering(acceptsUnencrypted: false)
        Self.feed(Connection.handshake([]).bytes, to: &b)
        #expect(b.outcome == .failed(.unencrypted))
        #expect(b.takeOutput() == [])
    }

    // MARK: - What is wrong

    @Test func `who asks for a torrent that is not here is refused`() {
        var a = Self.opening()
        var b = Self.answering()
        Self.feed(a.takeOutput(), to: &b)
        Self.feed(b.takeOutput(), to: &a)
        Self.feed(a.takeOutput(), to: &b, torrent: nil)
        #expect(b.outcome == .failed(.unknownTorrent))
    }

    @Test func `who has another torrent's key is found out`() throws {
        var a = Self.opening()
        var b = Self.answering()
        Self.feed(a.takeOutput(), to: &b)
        Self.feed(b.takeOutput(), to: &a)
        let other = try #require(SHA1Digest(Array(repeating: UInt8(9), count: 20)))
        Self.feed(a.takeOutput(), to: &b, torrent: other)
        #expect(b.outcome == .failed(.wrongKey))
    }

    @Test func `methods that do not meet end the handshake`() {
        var a = Self.opening(.plaintext)
        var b = Self.answering(.rc4)
        Self.talk(&a, &b)
        #expect(b.outcome == .failed(.noCommonMethod))
        #expect(a.outcome == nil)
    }

    @Test func `a choice that was not offered ends the handshake`() throws {
        var a = Self.opening(.rc4, key: RecordedEncryption.keyOfA)
        Self.feed(try #require(RecordedEncryption.answer), to: &a)
        #expect(a.outcome == .failed(.noCommonMethod))
    }

    @Test func `a key that gives the secret away is refused`() {
        for last in [UInt8(0), 1] {
            let key = [UInt8](repeating: 0, count: 95) + [last]
            var a = Self.opening()
            Self.feed(key, to: &a)
            #expect(a.outcome == .failed(.invalidKey))
            var b = Self.answering()
            Self.feed(key, to: &b)
            #expect(b.outcome == .failed(.invalidKey))
        }
    }

    @Test(arguments: [1, 50, Int.max])
    func `no more than 512 bytes of padding are looked through`(step: Int) {
        let key = DiffieHellman768().publicKey
        var b = Self.answering()
        Self.feed(key + [UInt8](repeating: 7, count: 512 + 19), to: &b, step: step)
        #expect(b.outcome == nil)
        Self.feed([7], to: &b)
        #expect(b.outcome == .failed(.noSynchronisation))
        var a = Self.opening()
        Self.feed(key + [UInt8](repeating: 7, count: 512 + 7), to: &a, step: step)
        #expect(a.outcome == nil)
        Self.feed([7], to: &a)
        #expect(a.outcome == .failed(.noSynchronisation))
    }

    @Test func `bytes without meaning never end well`() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<20 {
            let bytes = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) }
            var b = Self.answering()
            Self.feed(bytes, to: &b)
            var a = Self.opening()
            Self.feed(bytes, to: &a)
            for outcome in [a.outcome, b.outcome] {
                #expect(
                    outcome == .failed(.noSynchronisation) || outcome == .failed(.invalidKey))
            }
        }
    }
}
