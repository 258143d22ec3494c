package import TorrentCore

extension PeerStateMachine {
    /// Takes bytes of the stream, and returns how many. It stops short of the end right after the
    /// head of a block, after the peer's handshake until `accept`, and when `.close` is queued;
    /// what it left is to be given again (or to the block). It never fails: what breaks a rule
    /// queues `.close`.
    ///
    /// A message that is whole in `bytes` is read in place. What a message cut short holds in
    /// memory is what has arrived of it.
    package mutating func received(_ bytes: Span<UInt8>, now: Timestamp) -> Int {
        guard phase != .closed, bytes.count > 0 else { return 0 }
        lastReceived = now
        var position = 0
        do throws(PeerCloseReason) {
            if phase == .handshaking { try receiveHandshake(bytes, from: &position) }
            while phase == .open, receiveTarget == .control,
                let message = try decoder.next(bytes, from: &position)
            {
                try receive(message)
            }
        } catch {
            close(error)
        }
        return position
    }

    /// Transmission (3.00 and older) does not look at what came in one piece with our handshake
    /// before it receives more, which over uTP is all that we have to say: not even that we are a
    /// seed. What it says first shows that it has read the handshake; a keep-alive is enough then.
    private mutating func wakeTransmission() {
        mayNeedWaking = false
        guard case .incoming = role, let id = remoteHandshake?.peerID,
            id.bytes.starts(with: "-TR".utf8)
        else { return }
        send(.keepAlive)
    }

    private mutating func receive(_ message: PeerMessage) throws(PeerCloseReason) {
        if mayNeedWaking { wakeTransmission() }
        switch message {
        case .keepAlive, .ignored: break
        case .port(let port):
            if supportsDHT, port != 0 { queue(.dhtPort(port)) }
        case .choke:
            guard !peerChoking else { break }
            peerChoking = true
            if !supportsFast { outstanding.choked() }
            queue(.choked)
        case .unchoke:
            guard peerChoking else { break }
            peerChoking = false
            queue(.unchoked)
        case .interested:
            guard !peerInterested else { break }
            peerInterested = true
            queue(.interested)
        case .notInterested:
            guard peerInterested else { break }
            peerInterested = false
            queue(.notInterested)
        case .have(let piece): try receiveChange(piece, isHad: true)
        case .bitfield(let bytes): try receiveHave(.bits(bytes))
        case .haveAll: try receiveHave(.all)
        case .haveNone: try receiveHave(.none)
        case .request(let request): try receiveRequest(request)
        case .piece(let block): try receiveBlockHead(block)
        case .cancel(let request): receiveCancel(request)
        case .reject(let request): try receiveReject(request)
        case .suggest(let piece):
            if let geometry, geometry.contains(piece) { queue(.suggested(piece)) }
        case .allowedFast(let piece): receiveAllowedFast(piece)
        case .extended(let identifier, let payload):
            try receiveExtended(identifier, payload)
        case .hashRequest(let request): try receiveHashRequest(request)
        case .hashes(let request, let hashes): try receiveHashes(request, hashes)
        case .hashReject(let request): try receiveHashReject(request)
        }
    }

    /// What the peer has, all at once. BEP 3 wants it first; like libtorrent we take it at any
    /// time, and let it replace what was known.
    private mutating func receiveHave(_ base: EarlyHave.Base) throws(PeerCloseReason) {
        wholeHaveCount += 1
        guard wholeHaveCount <= Self.maximumWholeHaves else { throw .haveFlood }
        guard let geometry else { return earlyHave.replace(with: base) }
        var have = EarlyHave()
        have.replace(with: base)
        if let action = try have.resolved(pieceCount: geometry.pieceCount) { queue(action) }
    }

    /// One piece more, or less.
    mutating func receiveChange(_ piece: PieceIndex, isHad: Bool) throws(PeerCloseReason) {
        guard let geometry else { return earlyHave.change(piece, isHad: isHad) }
        guard geometry.contains(piece) else {
            throw .invalidPiece(UInt32(bitPattern: piece.rawValue))
        }
        queue(isHad ? .peerHave(piece) : .peerDontHave(piece))
    }

    /// A piece out of range is ignored here, as libtorrent does: clients compute the set from the
    /// address, and some err.
    private mutating func receiveAllowedFast(_ piece: PieceIndex) {
        guard geometry?.contains(piece) ?? true, !peerAllowedFast.contains(piece),
            peerAllowedFast.count < Self.maximumAllowedFast
        else { return }
        peerAllowedFast.append(piece)
        if geometry != nil { queue(.allowedFast(piece)) }
    }
}
