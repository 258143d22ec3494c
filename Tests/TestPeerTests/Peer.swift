import Bencode
import Metainfo
import PeerProtocol
import TestPeer
import Testing
import TorrentCore
import TorrentCrypto

/// A test peer on a fake clock, and the leecher that talks to it.
struct Peer {
    static let piece = 1 << 20

    var machine: TestPeerMachine
    let info: InfoDictionary
    private var decoder = PeerMessageDecoder()
    private var isGreeted = false
    /// What has left, with the millisecond in which it did.
    private(set) var messages: [(at: Int64, message: PeerMessage)] = []
    /// By millisecond, how many bytes had left in all.
    private(set) var bytes: [Int64: Int] = [:]
    private var total = 0

    init(_ change: (inout TestPeerBehaviour) -> Void) throws {
        var behaviour = TestPeerBehaviour()
        change(&behaviour)
        var writer = BencodeWriter()
        writer.beginDictionary()
        writer.key("info")
        writer.beginDictionary()
        writer.key("length")
        writer.integer(64 * Self.piece)
        writer.key("name")
        writer.string(Array("data".utf8))
        writer.key("piece length")
        writer.integer(Self.piece)
        writer.key("pieces")
        writer.string([UInt8](repeating: 1, count: 64 * 20))
        writer.endDictionary()
        writer.endDictionary()
        info = try TorrentMetainfo(parsing: writer.bytes, hashing: OpenSSLHashing()).info
        var random = SeededRandom(seed: 1)
        machine = TestPeerMachine(
            info, peerID: PeerID(random: &random), behaviour: behaviour, now: .zero)
        decoder.limits = PeerMessageLimits(
            bitfieldLength: 8, acceptsFast: true, acceptsExtensions: true)
    }

    static func time(_ milliseconds: Int64) -> Timestamp { .zero + .milliseconds(milliseconds) }

    /// The handshake and interest, at time zero.
    mutating func greet(reserved: ReservedBits = [.fast, .extensionProtocol]) throws {
        var random = SeededRandom(seed: 2)
        let hash = info.identity.handshakeHash
        let handshake = Handshake(
            infoHash: hash, peerID: PeerID(random: &random), reserved: reserved)
        try machine.received(handshake.bytes.span, now: .zero)
        try send([.interested], at: 0)
    }

    mutating func send(_ messages: [PeerMessage], at milliseconds: Int64) throws {
        var bytes: [UInt8] = []
        for message in messages { PeerMessageEncoder.append(message, to: &bytes) }
        try machine.received(bytes.span, now: Self.time(milliseconds))
    }

    /// Asks for the blocks of a piece.
    mutating func request(_ blocks: Range<Int>, of piece: Int = 0, at milliseconds: Int64) throws {
        try send(
            blocks.map { .request(info.geometry.block($0, of: PieceIndex(piece))) },
            at: milliseconds)
    }

    /// Lets each millisecond pass, or only every `step`th: what is late must be no less right.
    mutating func run(from: Int64, to end: Int64, step: Int64 = 1) throws {
        for now in stride(from: from, through: end, by: Int(step)) { try turn(now) }
    }

    private mutating func turn(_ now: Int64) throws {
        var stream: [UInt8] = []
        machine.advance(to: Self.time(now))
        machine.output(now: Self.time(now), limit: 1000) { output, range in
            var whole: [UInt8] = []
            switch output {
            case .bytes(let bytes): whole = bytes
            case .block(let request):
                PeerMessageEncoder.append(.piece(request), to: &whole)
                whole += [UInt8](repeating: 0, count: Int(request.length))
            }
            stream += whole[range]
        }
        machine.sent(stream.count) { _ in }
        total += stream.count
        bytes[now] = total
        var position = 0
        if !isGreeted, !stream.isEmpty {
            position = Handshake.byteCount
            isGreeted = true
        }
        while let message = try decoder.next(stream.span, from: &position) {
            if case .piece(let block) = message { decoder.skip(Int(block.length)) }
            messages.append((now, message))
        }
    }

    /// When the first such message left.
    func time(of matches: (PeerMessage) -> Bool) -> Int64? {
        messages.first { matches($0.message) }?.at
    }

    func count(_ matches: (PeerMessage) -> Bool) -> Int {
        messages.filter { matches($0.message) }.count
    }

    static func isBlock(_ message: PeerMessage) -> Bool {
        if case .piece = message { true } else { false }
    }

    static func isReject(_ message: PeerMessage) -> Bool {
        if case .reject = message { true } else { false }
    }
}
