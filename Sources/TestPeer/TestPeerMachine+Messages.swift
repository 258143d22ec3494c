import Metainfo
import PeerProtocol
import TorrentCore

/// What a seed answers.
extension TestPeerMachine {
    /// Acts on what came in half a round trip ago.
    mutating func act(_ content: Incoming, at now: Timestamp) {
        switch content {
        case .handshake(let handshake): greet(handshake, now: now)
        case .message(.interested):
            isInterested = true
            unchokeIfInterested(now: now)
        case .message(.notInterested): isInterested = false
        case .message(.request(let request)): take(request, now: now)
        case .message(.cancel(let request)):
            guard uplink.cancel(request) else {
                counters.lateCancels += 1
                return
            }
            counters.cancelled += 1
            if speaksFast { send(.reject(request), now: now) }
        case .message(.hashRequest(let request)):
            let answer = hashes?(request)
            send(answer.map { .hashes(request, $0) } ?? .hashReject(request), now: now)
        case .message(.extended(ExtensionID.handshake, let payload)):
            guard let theirs = try? ExtensionHandshake(parsing: payload) else { return }
            theirMetadataID = theirs.metadataID ?? theirMetadataID
        case .message(.extended(ExtensionID.metadata, let payload)):
            giveMetadata(payload, now: now)
        case .message: break
        }
    }

    private mutating func greet(_ handshake: Handshake, now: Timestamp) {
        // A hybrid's peer that offers to is taken to the v2 protocol (BEP 52).
        let upgrade =
            handshake.reserved.contains(.hybrid) && hashes != nil
            ? info.identity.upgrade(from: handshake.infoHash) : nil
        var answer = Handshake(
            infoHash: upgrade ?? handshake.infoHash, peerID: peerID,
            reserved: [.fast, .extensionProtocol]
        ).bytes
        speaksFast = handshake.reserved.contains(.fast)
        PeerMessageEncoder.append(
            speaksFast
                ? .haveAll
                : .bitfield(Bitfield(count: info.geometry.pieceCount, allSet: true).wireBytes),
            to: &answer)
        if handshake.reserved.contains(.extensionProtocol) {
            var ours = ExtensionHandshake()
            ours.metadataID = ExtensionID.metadata
            ours.metadataSize = info.bytes.count
            ours.requestLimit = behaviour.requestLimit
            ours.clientName = "swarmfs test peer"
            PeerMessageEncoder.append(.extended(ExtensionID.handshake, ours.encoded()), to: &answer)
        }
        uplink.send(answer, now: now)
    }

    private mutating func take(_ request: BlockRequest, now: Timestamp) {
        counters.requests += 1
        beginTroubles(at: now)
        guard !isChoking, uplink.waiting.count < behaviour.requestLimit else {
            // Without the fast extension a choked peer's requests are dropped (BEP 3).
            counters.rejected += 1
            if speaksFast { send(.reject(request), now: now) }
            return
        }
        uplink.request(request, now: now)
    }

    mutating func choke(now: Timestamp) {
        guard !isChoking else { return }
        isChoking = true
        send(.choke, now: now)
        for request in uplink.cancelAll() {
            counters.rejected += 1
            if speaksFast { send(.reject(request), now: now) }
        }
    }

    mutating func unchokeIfInterested(now: Timestamp) {
        guard isInterested, isChoking, behaviour.unchokes, !isInTrouble else { return }
        isChoking = false
        send(.unchoke, now: now)
    }

    private mutating func giveMetadata(_ payload: [UInt8], now: Timestamp) {
        guard let theirMetadataID, let message = try? MetadataMessage.parse(payload),
            case .request(let piece) = message,
            piece < MetadataMessage.pieceCount(size: info.bytes.count)
        else { return }
        let start = piece * MetadataMessage.pieceLength
        let length = MetadataMessage.length(ofPiece: piece, size: info.bytes.count)
        let data = MetadataMessage.data(
            piece: piece, totalSize: info.bytes.count,
            bytes: Array(info.bytes[start..<start + length]))
        send(.extended(theirMetadataID, data.encoded()), now: now)
    }

    private mutating func send(_ message: PeerMessage, now: Timestamp) {
        var bytes: [UInt8] = []
        PeerMessageEncoder.append(message, to: &bytes)
        uplink.send(bytes, now: now)
    }
}
