import TorrentCore

/// Cuts a stream into messages, wherever the stream itself is cut.
///
/// A message that lies whole in the bytes at hand is read where it stands; otherwise what has
/// arrived of it is kept, which is never more than that, until the rest is there. A block's
/// payload is never kept: `next` returns its head, and what follows is the caller's, or `skip`'s.
package struct PeerMessageDecoder: Sendable {
    /// What is accepted; may change between messages.
    package var limits: PeerMessageLimits

    /// The start of a message whose rest has not arrived.
    private var partial: [UInt8] = []
    /// How many bytes `partial` must hold before it is looked at again.
    private var needed = 0
    /// How many bytes are still to be passed over.
    private var skipping = 0

    /// A buffer larger than this is given back after its message.
    private static let keptCapacity = 4096

    private enum Step {
        /// Look again when there are this many bytes.
        case needs(Int)
        case message(PeerMessage, length: Int)
        /// The message means nothing to us.
        case skip(UInt8, payload: Int)
    }

    /// Starts between two messages.
    package init(limits: PeerMessageLimits = PeerMessageLimits()) { self.limits = limits }

    /// The next message in `bytes` from `position` on, which moves past what was consumed; nil,
    /// and everything consumed, where none is whole. What a peer may not send is thrown.
    package mutating func next(
        _ bytes: Span<UInt8>, from position: inout Int
    ) throws(PeerCloseReason) -> PeerMessage? {
        while position < bytes.count {
            if skipping > 0 {
                let count = min(skipping, bytes.count - position)
                skipping -= count
                position += count
                continue
            }
            let step: Step
            var headLength = 5
            if partial.isEmpty {
                let rest = bytes.extracting(position..<bytes.count)
                step = try Self.step(rest, limits)
                switch step {
                case .needs(let count):
                    needed = count
                    for index in 0..<rest.count { partial.append(rest[index]) }
                    position = bytes.count
                case .message(_, let length): position += length
                case .skip: position += headLength
                }
            } else {
                let count = min(needed - partial.count, bytes.count - position)
                for index in position..<position + count { partial.append(bytes[index]) }
                position += count
                guard partial.count >= needed else { return nil }
                step = try Self.step(partial.span, limits)
                if case .needs(let count) = step {
                    needed = count
                } else {
                    headLength = partial.count
                    partial.removeAll(keepingCapacity: partial.capacity <= Self.keptCapacity)
                }
            }
            switch step {
            case .needs: continue
            case .message(let message, _): return message
            case .skip(let identifier, let payload):
                skipping = payload - (headLength - 5)
                return .ignored(identifier)
            }
        }
        return nil
    }

    /// Passes over the next `count` bytes: the payload of a block that nobody wants.
    package mutating func skip(_ count: Int) { skipping += count }

    /// Looks at the start of a message. Only `.needs` depends on how much of it is there.
    private static func step(
        _ bytes: Span<UInt8>, _ limits: PeerMessageLimits
    ) throws(PeerCloseReason) -> Step {
        guard bytes.count >= 4 else { return .needs(4) }
        let length = bytes.number(at: 0)
        guard length > 0 else { return .message(.keepAlive, length: 4) }
        guard bytes.count >= 5 else { return .needs(5) }
        let identifier = bytes[4]
        let payload = Int(length) - 1

        switch identifier {
        case MessageID.piece:
            guard payload >= 8, payload - 8 <= PeerMessageLimits.block else {
                throw .wrongLength(message: identifier, length: length)
            }
            guard bytes.count >= 13 else { return .needs(13) }
            let (piece, begin) = (bytes.number(at: 5), bytes.number(at: 9))
            guard piece <= Int32.max, begin <= Int32.max else { throw .invalidBlock }
            let block = BlockRequest(
                piece: PieceIndex(Int32(piece)), begin: Int(begin), length: payload - 8)
            return .message(.piece(block), length: 13)

        case MessageID.extended where limits.acceptsExtensions:
            guard payload >= 1, payload <= PeerMessageLimits.skipped else {
                throw .wrongLength(message: identifier, length: length)
            }
            guard bytes.count >= 6 else { return .needs(6) }
            guard let most = ExtensionID.maximumPayload(bytes[5]) else {
                return .skip(identifier, payload: payload)
            }
            guard payload - 1 <= most else {
                throw .wrongLength(message: identifier, length: length)
            }

        default:
            guard let lengths = try payloadLengths(identifier, limits) else {
                guard payload <= PeerMessageLimits.skipped else {
                    throw .wrongLength(message: identifier, length: length)
                }
                return .skip(identifier, payload: payload)
            }
            guard lengths.contains(payload) else {
                throw .wrongLength(message: identifier, length: length)
            }
        }

        let total = payload + 5
        guard bytes.count >= total else { return .needs(total) }
        return .message(
            try message(identifier, bytes.extracting(5..<total)), length: total)
    }

    /// Which payload lengths a type may have; nil for a type that means nothing to us.
    ///
    /// libtorrent and Transmission close at unknown types. They are skipped here instead: an
    /// extension that some client tries without asking does no harm.
    @inline(__always)
    private static func payloadLengths(
        _ identifier: UInt8, _ limits: PeerMessageLimits
    ) throws(PeerCloseReason) -> ClosedRange<Int>? {
        switch identifier {
        case MessageID.choke, MessageID.unchoke, MessageID.interested, MessageID.notInterested:
            return 0...0
        case MessageID.have: return 4...4
        case MessageID.bitfield:
            return limits.bitfieldLength.map { $0...$0 } ?? 0...PeerMessageLimits.earlyBitfield
        case MessageID.request, MessageID.cancel: return 12...12
        case MessageID.port: return 2...2
        case MessageID.suggest, MessageID.haveAll, MessageID.haveNone, MessageID.reject,
            MessageID.allowedFast:
            guard limits.acceptsFast else { throw .notNegotiated(message: identifier) }
            switch identifier {
            case MessageID.haveAll, MessageID.haveNone: return 0...0
            case MessageID.reject: return 12...12
            default: return 4...4
            }
        case MessageID.hashRequest, MessageID.hashes, MessageID.hashReject:
            guard limits.acceptsHashes else { throw .notNegotiated(message: identifier) }
            let head = PeerMessageLimits.hashRequest
            return identifier == MessageID.hashes ? head...PeerMessageLimits.hashes : head...head
        default: return nil
        }
    }

    /// Reads a payload whose length has been checked.
    private static func message(
        _ identifier: UInt8, _ payload: Span<UInt8>
    ) throws(PeerCloseReason) -> PeerMessage {
        switch identifier {
        case MessageID.choke: return .choke
        case MessageID.unchoke: return .unchoke
        case MessageID.interested: return .interested
        case MessageID.notInterested: return .notInterested
        case MessageID.have: return .have(try piece(payload))
        case MessageID.bitfield: return .bitfield([UInt8](copying: payload))
        case MessageID.request: return .request(try request(payload))
        case MessageID.cancel: return .cancel(try request(payload))
        case MessageID.port: return .port(UInt16(payload[0]) << 8 | UInt16(payload[1]))
        case MessageID.suggest: return .suggest(try piece(payload))
        case MessageID.haveAll: return .haveAll
        case MessageID.haveNone: return .haveNone
        case MessageID.reject: return .reject(try request(payload))
        case MessageID.allowedFast: return .allowedFast(try piece(payload))
        case MessageID.extended:
            return .extended(
                payload[0], [UInt8](copying: payload.extracting(1..<payload.count)))
        case MessageID.hashRequest: return .hashRequest(try hashRequest(payload))
        case MessageID.hashes:
            return .hashes(
                try hashRequest(payload),
                [UInt8](
                    copying: payload.extracting(PeerMessageLimits.hashRequest..<payload.count)))
        case MessageID.hashReject: return .hashReject(try hashRequest(payload))
        default: preconditionFailure("a type without a length was skipped before")
        }
    }

    @inline(__always)
    private static func piece(_ payload: Span<UInt8>) throws(PeerCloseReason) -> PieceIndex {
        let number = payload.number(at: 0)
        guard number <= Int32.max else { throw .invalidPiece(number) }
        return PieceIndex(Int32(number))
    }

    @inline(__always)
    private static func request(_ payload: Span<UInt8>) throws(PeerCloseReason) -> BlockRequest {
        let (piece, begin, length) = (
            payload.number(at: 0), payload.number(at: 4), payload.number(at: 8)
        )
        guard piece <= Int32.max, begin <= Int32.max, length <= Int32.max else {
            throw .invalidRequest
        }
        return BlockRequest(
            piece: PieceIndex(Int32(piece)), begin: Int(begin), length: Int(length))
    }

    private static func hashRequest(
        _ payload: Span<UInt8>
    ) throws(PeerCloseReason) -> HashRequest {
        let size = SHA256Digest.byteCount
        guard let root = SHA256Digest([UInt8](copying: payload.extracting(0..<size))) else {
            throw .invalidHashes
        }
        return HashRequest(
            piecesRoot: root, baseLayer: payload.number(at: size),
            index: payload.number(at: size + 4), length: payload.number(at: size + 8),
            proofLayers: payload.number(at: size + 12))
    }
}
