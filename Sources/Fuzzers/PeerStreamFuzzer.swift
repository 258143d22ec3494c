import PeerProtocol
import TorrentCore

/// Feeds a whole connection: the first byte chooses its kind, the second how the rest is cut.
enum PeerStreamFuzzer {
    private static let hash = SHA1Digest(Array(repeating: UInt8(1), count: 20))
    private static let peerID = PeerID(Array("-SF0001-abcdefghijkl".utf8))

    private static let hashes = HashRequest(
        piecesRoot: .zero, baseLayer: 0, index: 2, length: 2, proofLayers: 2)

    static func run(_ bytes: Span<UInt8>) {
        guard let hash, let peerID, bytes.count >= 2 else { return }
        let kind = bytes[0]
        let step = Int(bytes[1]) + 1
        let v2 = SHA256Digest(Array(repeating: UInt8(1), count: 32)).map {
            TorrentIdentity(v2: $0)
        }
        let identity =
            kind & 16 == 0 ? TorrentIdentity(v1: hash) : v2 ?? TorrentIdentity(v1: hash)
        let geometry = PieceGeometry(totalLength: 100_000, pieceLength: 32 * 1024)
        let configuration = PeerConfiguration(
            peerID: peerID, clientName: "fuzz", listenPort: 6881)
        var machine = PeerStateMachine(
            role: kind & 1 == 0 ? .incoming : .outgoing(identity), configuration: configuration,
            now: .zero)
        var position = 2
        if kind & 2 != 0 {
            // Past the handshake at once, or the fuzzer spends its time on finding it.
            let handshake = Handshake(
                infoHash: hash, peerID: peerID,
                reserved: kind & 4 == 0 ? [] : [.fast, .extensionProtocol])
            _ = machine.received(handshake.bytes.span, now: .zero)
        }
        var time: Int64 = 0
        var isEarly = kind & 8 != 0
        while true {
            while let action = machine.nextAction() {
                answer(
                    action, &machine, identity, isEarly ? nil : geometry,
                    now: Timestamp(nanoseconds: time))
            }
            guard position < bytes.count, !machine.isClosed else { return }
            let end = min(bytes.count, position + step)
            time += 1_000_000
            let now = Timestamp(nanoseconds: time)
            switch machine.receiveTarget {
            case .control:
                let count = machine.received(bytes.extracting(position..<end), now: now)
                precondition(count > 0 || machine.isClosed)
                position += count
            case .block(let block, let received):
                let count = min(end - position, Int(block.length) - received)
                machine.receivedBlockBytes(count, now: now)
                position += count
            }
            if isEarly, position > bytes.count / 2 {
                isEarly = false
                machine.metadataKnown(
                    geometry: geometry, have: Bitfield(count: geometry.pieceCount),
                    metadataSize: 20_000)
            }
            machine.timerFired(now: now)
            _ = machine.takeOutput()
        }
    }

    private static func answer(
        _ action: PeerAction, _ machine: inout PeerStateMachine, _ identity: TorrentIdentity,
        _ geometry: PieceGeometry?, now: Timestamp
    ) {
        switch action {
        case .handshakeReceived(let handshake):
            guard identity.matches(handshake.infoHash) else { return machine.disconnected() }
            machine.accept(
                identity: identity, geometry: geometry,
                have: geometry.map { Bitfield(count: $0.pieceCount, allSet: true) },
                metadataSize: geometry == nil ? nil : 20_000, now: now)
        case .unchoked, .allowedFast:
            guard let geometry else { return }
            machine.setInterested(true)
            for piece in geometry.pieces { machine.request(geometry.block(0, of: piece)) }
        case .interested: machine.unchoke()
        case .notInterested: machine.choke()
        case .requested(let request): _ = machine.pieceHeader(request)
        case .metadataRequested(let piece): machine.rejectMetadata(piece)
        case .extensionHandshake: machine.requestMetadata(0)
        case .peerHasAll: machine.requestHashes(hashes)
        case .hashesRequested(let request):
            if request.baseLayer == 0 {
                machine.sendHashes(
                    request, Array(repeating: 0, count: request.hashCount * SHA256Digest.byteCount),
                    now: now)
            } else {
                machine.rejectHashes(request)
            }
        case .hashesArrived(let request, let hashes):
            precondition(hashes.count == request.hashCount * SHA256Digest.byteCount)
            machine.requestHashes(request)
        case .suggested(let piece): machine.dontHave(piece)
        case .peerHave(let piece):
            if let geometry { machine.cancel(geometry.block(0, of: piece)) }
        default: break
        }
    }
}
