import PeerProtocol
import Swarm
import TorrentCore

extension Simulation {
    /// Bytes reach a connection: control bytes go to the machine, payload to its place.
    func deliver(_ link: Int, _ side: Int, _ bytes: [UInt8]) {
        let number = links[link].node(side)
        guard nodes[number].connections[link] != nil else { return }
        nodes[number].connections[link]?.input += bytes
        consume(number, link)
        settle(number)
    }

    private func consume(_ number: Int, _ link: Int) {
        while let connection = nodes[number].connections[link], !connection.input.isEmpty {
            switch connection.machine.receiveTarget {
            case .control:
                let used = connection.machine.received(connection.input.span, now: now)
                connection.input.removeFirst(used)
                let isWaiting = used == 0 && connection.machine.receiveTarget == .control
                handleActions(number, link)
                // Nothing was used and nothing changed: the rest of a message is to come.
                if isWaiting, connection.machine.isHandshaken { return }
            case .block(let block, let received):
                let count = min(Int(block.length) - received, connection.input.count)
                place(number, link, block, received, connection.input[..<count])
                nodes[number].connections[link]?.input.removeFirst(count)
                nodes[number].connections[link]?.machine.receivedBlockBytes(count, now: now)
                handleActions(number, link)
            }
        }
    }

    private func place(
        _ number: Int, _ link: Int, _ block: BlockRequest, _ received: Int,
        _ bytes: ArraySlice<UInt8>
    ) {
        switch nodes[number].connections[link]?.sink {
        case .direct:
            let start = Int(block.begin) + received
            guard nodes[number].buffers[block.piece] != nil else {
                violations.append("node \(number) writes into \(block) without a buffer")
                return
            }
            nodes[number].buffers[block.piece]?.replaceSubrange(
                start..<start + bytes.count, with: bytes)
        case .scratch: nodes[number].connections[link]?.scratch += bytes
        case .discard, nil: break
        }
    }

    private func handleActions(_ number: Int, _ link: Int) {
        while let action = nodes[number].connections[link]?.machine.nextAction() {
            handle(action, number, link)
        }
    }

    private func handle(_ action: PeerAction, _ number: Int, _ link: Int) {
        guard let key = nodes[number].connections[link]?.key else { return }
        switch action {
        case .handshakeReceived: accept(number, link)
        case .peerHasAll: nodes[number].torrent.peerHasAll(key, now: now)
        case .peerHasNone: nodes[number].torrent.peerHasNone(key, now: now)
        case .peerBitfield(let bits): nodes[number].torrent.peerBitfield(key, bits, now: now)
        case .peerHave(let piece): nodes[number].torrent.peerHave(key, piece, now: now)
        case .peerDontHave(let piece): nodes[number].torrent.peerDontHave(key, piece, now: now)
        case .peerFetching(let piece):
            nodes[number].torrent.peerFetching(key, piece, now: now)
        case .choked: nodes[number].torrent.peerChoked(key, now: now)
        case .unchoked: nodes[number].torrent.peerUnchoked(key, now: now)
        case .interested: nodes[number].torrent.peerInterested(key, now: now)
        case .notInterested: nodes[number].torrent.peerNotInterested(key, now: now)
        case .requested(let request): requested(number, link, request)
        case .cancelled(let request):
            _ = nodes[number].connections[link]?.uploads.cancel(request)
        case .rejected(let request):
            nodes[number].connections[link]?.requested.remove(request)
            nodes[number].torrent.requestRejected(key, request, now: now)
        case .blockBegan(let request):
            let placement = nodes[number].torrent.blockBegan(key, request, now: now)
            nodes[number].connections[link]?.scratch = []
            nodes[number].connections[link]?.sink =
                switch placement {
                case .direct: .direct
                case .scratch: .scratch
                case .discard: .discard
                }
        case .blockArrived(let request): blockArrived(number, link, request)
        case .allowedFast(let piece):
            nodes[number].torrent.peerAllowedFast(key, piece, now: now)
        case .extensionHandshake:
            if let limit = nodes[number].connections[link]?.machine.peerRequestLimit {
                nodes[number].torrent.peerRequestLimit(key, limit)
            }
        case .close(let reason):
            trace(20, number, link, reason.description.utf8.count)
            violations.append("node \(number) closes link \(link): \(reason)")
            close(link, by: number)
        case .suggested, .metadataRequested, .metadataArrived, .metadataRejected, .uploadOnly,
            .dhtPort, .peerExchange, .holepunch, .hashesRequested, .hashesArrived, .hashesRejected:
            break
        }
    }

    private func accept(_ number: Int, _ link: Int) {
        guard let connection = nodes[number].connections[link] else { return }
        let isDuplicate = nodes[number].connections.values.contains {
            $0.remote == connection.remote && $0.link < link
        }
        guard !isDuplicate else { return close(link, by: number) }
        var have = nodes[number].torrent.have
        if case .lying = nodes[number].configuration.behaviour {
            have = Bitfield(count: content.geometry.pieceCount, allSet: true)
        }
        nodes[number].connections[link]?.machine.accept(
            identity: content.identity, geometry: content.geometry, have: have,
            metadataSize: nil, now: now)
        nodes[number].connections[link]?.isAnnounced = true
        nodes[number].torrent.peerConnected(
            connection.key,
            traits: PeerTraits(
                address: Self.endpoint(connection.remote),
                supportsFast: nodes[number].connections[link]?.machine.supportsFast ?? false,
                requestLimit: 250, isOutgoing: connection.side == 0,
                peerID: connection.machine.remoteHandshake?.peerID), now: now)
        if isAdversary(number) { nodes[number].connections[link]?.machine.unchoke() }
    }

    private func blockArrived(_ number: Int, _ link: Int, _ request: BlockRequest) {
        guard let connection = nodes[number].connections[link] else { return }
        nodes[number].connections[link]?.requested.remove(request)
        nodes[number].connections[link]?.wasUseful = true
        let arrival = nodes[number].torrent.blockArrived(connection.key, request, now: now)
        guard arrival == .wanted, connection.sink != .direct else { return }
        guard nodes[number].buffers[request.piece] != nil, connection.sink == .scratch else {
            violations.append("node \(number) wants \(request) that went nowhere")
            return
        }
        let start = Int(request.begin)
        nodes[number].buffers[request.piece]?.replaceSubrange(
            start..<start + Int(request.length), with: connection.scratch)
    }

    func hashed(_ number: Int, _ piece: PieceIndex, _ bytes: [UInt8], _ wantsDigests: Bool) {
        let isGood = content.verifies(piece, bytes)
        var digests: [SHA1Digest]?
        if wantsDigests || !isGood {
            digests = (0..<content.geometry.blockCount(of: piece)).map { index in
                let block = content.geometry.block(index, of: piece)
                let range = Int(block.begin)..<Int(block.begin) + Int(block.length)
                return SimulatedHashing().sha1(bytes.span.extracting(range))
            }
        }
        if isGood {
            nodes[number].store[piece] = bytes
            nodes[number].torrent.pieceVerified(piece, blockDigests: digests, now: now)
            pieceArrived(number)
        } else {
            nodes[number].report.failedPieces += 1
            nodes[number].torrent.pieceFailed(piece, blockDigests: digests ?? [], now: now)
        }
        settle(number)
    }
}
