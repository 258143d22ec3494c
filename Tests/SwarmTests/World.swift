import Metainfo
import Swarm
import TorrentCore

/// A tiny swarm written in ASCII: pieces are columns, `*` is a piece that somebody has.
struct World {
    static let block = BlockRequest.standardLength

    var machine: TorrentStateMachine
    var now = Timestamp.zero
    let geometry: PieceGeometry
    /// Everything the machine wanted done, in order.
    var log: [SwarmAction] = []
    /// Requests that have not been answered, by peer, in order.
    var outstanding: [UInt32: [BlockRequest]] = [:]
    /// What lanes of web seeds have been asked for and have not sent yet.
    var fetches: [UInt32: WebSeedFetch] = [:]

    init(
        _ have: String, blocks: Int = 4, configuration: SwarmConfiguration = .init(),
        isPadding: (@Sendable (BlockRequest) -> Bool)? = nil,
        tree: (@Sendable (PieceIndex) -> PieceTree?)? = nil, unverifiable: Bitfield? = nil
    ) {
        geometry = PieceGeometry(
            totalLength: Int64(have.utf8.count * blocks * Self.block),
            pieceLength: blocks * Self.block)
        machine = TorrentStateMachine(
            geometry: geometry, have: Self.pieces(have), configuration: configuration, seed: 1,
            now: now, isPadding: isPadding, tree: tree, unverifiable: unverifiable)
    }

    /// One in which a read waits for pieces, and peer 1 has been asked for them.
    init(_ have: String, blocks: Int, peer theirs: String, reads pieces: Range<Int>) {
        self.init(have, blocks: blocks)
        connect(1, theirs)
        turn()
        read(1, pieces)
        turn()
    }

    static func pieces(_ text: String) -> Bitfield {
        var bits = Bitfield(count: text.utf8.count)
        for (index, character) in text.utf8.enumerated() where character == UInt8(ascii: "*") {
            bits[PieceIndex(index)] = true
        }
        return bits
    }

    static func endpoint(_ number: UInt32) -> Endpoint {
        Endpoint(address: .v4(0x0A00_0000 + number), port: 6881)
    }

    /// The name of a client of this program.
    static func peerID(_ number: UInt32) -> PeerID {
        var random = SeededRandom(seed: UInt64(number))
        return PeerID(random: &random)
    }

    /// Connects a peer; unchoked unless told otherwise.
    mutating func connect(
        _ number: UInt32, _ have: String, fast: Bool = true, unchoked: Bool = true,
        limit: Int = 250, hashes: Bool = false, isOurs: Bool = false
    ) {
        let key = PeerKey(number)
        machine.peerConnected(
            key,
            traits: PeerTraits(
                address: Self.endpoint(number), supportsFast: fast, requestLimit: limit,
                isOutgoing: true, peerID: isOurs ? Self.peerID(number) : nil,
                supportsHashes: hashes), now: now)
        let bits = Self.pieces(have)
        if bits.isFull {
            machine.peerHasAll(key, now: now)
        } else {
            machine.peerBitfield(key, bits, now: now)
        }
        if unchoked { machine.peerUnchoked(key, now: now) }
    }

    /// Carries out what the machine wants, and returns it.
    @discardableResult
    mutating func turn() -> [SwarmAction] {
        let actions = machine.takeActions()
        for action in actions {
            switch action {
            case .request(let peer, let request):
                outstanding[peer.rawValue, default: []].append(request)
            case .cancel(let peer, let request):
                outstanding[peer.rawValue]?.removeAll { $0 == request }
            case .fetch(let lane, let fetch): fetches[lane.rawValue] = fetch
            case .abandonFetch(let lane): fetches[lane.rawValue] = nil
            default: break
            }
        }
        log += actions
        return actions
    }

    /// The requests of this turn as `peer:piece.block`.
    mutating func requests() -> [String] { Self.requests(in: turn()) }

    static func requests(in actions: [SwarmAction]) -> [String] {
        actions.compactMap {
            guard case .request(let peer, let request) = $0 else { return nil }
            return "\(peer.rawValue):\(request.piece).\(request.blockIndex)"
        }
    }

    static func cancels(in actions: [SwarmAction]) -> [String] {
        actions.compactMap {
            guard case .cancel(let peer, let request) = $0 else { return nil }
            return "\(peer.rawValue):\(request.piece).\(request.blockIndex)"
        }
    }

    /// Lets time pass, firing timers when they are due.
    mutating func pass(_ interval: Interval) {
        let end = now + interval
        while let next = machine.nextDeadline, next <= end {
            now = max(now, next)
            machine.timerFired(now: now)
            turn()
        }
        now = end
    }

    /// A peer answers its oldest request. False where it has none.
    @discardableResult
    mutating func answer(_ number: UInt32) -> Bool {
        guard let request = outstanding[number]?.first else { return false }
        outstanding[number]?.removeFirst()
        _ = machine.blockBegan(PeerKey(number), request, now: now)
        _ = machine.blockArrived(PeerKey(number), request, now: now)
        turn()
        return true
    }

    /// A peer answers at `rate` bytes a second until it has nothing to answer or time is up.
    mutating func run(_ rates: [UInt32: Double], for interval: Interval) {
        let end = now + interval
        var due: [UInt32: Timestamp] = [:]
        while now < end {
            for (peer, rate) in rates {
                if outstanding[peer]?.isEmpty ?? true {
                    due[peer] = nil
                } else if due[peer] == nil {
                    due[peer] = now + .seconds(Double(Self.block) / rate)
                }
            }
            var next = end
            if let timer = machine.nextDeadline { next = min(next, max(timer, now)) }
            let first = due.min { ($0.value, $0.key) < ($1.value, $1.key) }
            if let first, first.value <= next {
                now = max(now, first.value)
                due[first.key] = nil
                answer(first.key)
                verifyAll()
            } else {
                now = next
                machine.timerFired(now: now)
                turn()
            }
        }
    }

    /// Every piece that waits for its hash verifies.
    mutating func verifyAll() {
        var pending = log.compactMap { action -> PieceIndex? in
            guard case .verify(let piece, _) = action else { return nil }
            return piece
        }
        pending.removeAll { machine.have[$0] }
        for piece in pending { machine.pieceVerified(piece, blockDigests: nil, now: now) }
        if !pending.isEmpty { turn() }
    }

    mutating func read(_ read: UInt64, _ pieces: Range<Int>) {
        machine.readArrived(
            ReadKey(read), pieces: PieceIndex(pieces.lowerBound)..<PieceIndex(pieces.upperBound),
            now: now)
    }

    /// A read of a part of the payload.
    mutating func read(_ read: UInt64, bytes: Range<Int>) {
        let size = geometry.pieceLength
        machine.readArrived(
            ReadKey(read),
            pieces: PieceIndex(
                bytes.lowerBound / size)..<PieceIndex(
                    (bytes.upperBound - 1) / size + 1),
            bytes: Int64(bytes.lowerBound)..<Int64(bytes.upperBound), now: now)
    }

    mutating func endRead(_ read: UInt64) { machine.readEnded(ReadKey(read), now: now) }

    mutating func readahead(_ stream: UInt64, _ pieces: Range<Int>) {
        machine.readahead(
            StreamKey(stream),
            pieces: PieceIndex(pieces.lowerBound)..<PieceIndex(pieces.upperBound),
            now: now)
    }
}
