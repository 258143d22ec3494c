import Metainfo
import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore
import TorrentCrypto

extension Torrent: PeerConnectionOwner {
    // MARK: - Taking peers in

    /// Of two connections that meet, neither is younger than this where one side has long settled
    /// on the other; only younger ones are chosen between.
    private static let meetingTime = Interval.seconds(5)
    /// A connection that lasted so long worked, also where nobody read anything meanwhile: its peer
    /// is worth calling back. Seeds close idle connections after a minute or two.
    private static let settledTime = Interval.seconds(20)

    /// Takes over an incoming connection whose handshake names this torrent.
    func adopt(_ connection: PeerConnection, handshake: Handshake, now: Timestamp) {
        guard !isStopping, !peerList.isBanned(connection.endpoint) else {
            connection.close("not wanted", now: now)
            return
        }
        guard context.makeRoom(forIncoming: connection.endpoint, now: now) else {
            connection.close("there is no place for it", now: now)
            return
        }
        connection.owner = self
        connections[connection.key] = connection
        accept(connection, handshake: handshake, now: now)
    }

    /// The other side's handshake is there: refuse ourselves and doubles, then introduce it to the
    /// swarm.
    private func accept(_ connection: PeerConnection, handshake: Handshake, now: Timestamp) {
        if handshake.peerID == context.peerID {
            closeToItself(connection, now: now)
            return
        }
        guard resolveDouble(connection, handshake: handshake, now: now) else { return }
        connection.acceptedAt = now
        connection.hearsOfPieces = !hasLostPieces
        connection.exchange = PeerExchange(now: now)
        connection.machine.accept(
            identity: identity, geometry: metainfo?.info.geometry, have: advertisedPieces,
            metadataSize: servedMetadata?.count, isPrivate: isPrivate,
            isUploadOnly: isUploadOnly, remoteAddress: connection.endpoint.address,
            addresses: context.publicAddresses(now: now),
            completeAgo: swarm?.completeCopySeen(now: now).map { Int($0.seconds) }, now: now)
        connection.machine.expectLayerRequests(findLayerRequestCount())
        if let endpoint = connection.listenEndpoint { peerList.connected(endpoint, now: now) }
        if swarm != nil { join(connection, now: now) }
        connection.scheduleFlush()
    }

    /// We have dialled ourselves, under an address that a tracker told. Only the side that dialled
    /// knows that address, and only the handshake tells it: so the other side answers first.
    private func closeToItself(_ connection: PeerConnection, now: Timestamp) {
        if connection.isOutgoing {
            peerList.forget(connection.endpoint)
        } else {
            connection.machine.accept(
                identity: identity, geometry: nil, have: nil, metadataSize: nil, now: now)
            connection.flush(now: now)
        }
        connection.close("it is this client itself", now: now)
    }

    /// Whether `connection` may stay; where it is the second one to its peer, one of the two goes.
    ///
    /// Where both sides dial at once, each may get the other's connection first: if each kept what
    /// it got first, both would be closed. So the one that the greater peer ID dialled stays.
    private func resolveDouble(
        _ connection: PeerConnection, handshake: Handshake, now: Timestamp
    ) -> Bool {
        // Elsewhere somebody may borrow the name of a peer, to keep us from it.
        let other = connections.values.first {
            $0 !== connection && $0.endpoint.address == connection.endpoint.address
                && $0.isAccepted && $0.machine.remoteHandshake?.peerID == handshake.peerID
        }
        guard let other, let since = other.acceptedAt else { return true }
        let keepsOutgoing = handshake.peerID.bytes.lexicographicallyPrecedes(context.peerID.bytes)
        let staysItself =
            connection.isOutgoing != other.isOutgoing && now - since < Self.meetingTime
            && connection.isOutgoing == keepsOutgoing
        let (kept, closed) = staysItself ? (connection, other) : (other, connection)
        // The peer list's entry goes with the connection that stays.
        if let endpoint = closed.listenEndpoint {
            closed.listenEndpoint = nil
            if kept.listenEndpoint == nil || kept.listenEndpoint == endpoint {
                kept.listenEndpoint = endpoint
                peerList.connected(endpoint, now: now)
            } else {
                peerList.withdraw(endpoint)
            }
        }
        closed.close("connected already", now: now)
        return staysItself
    }

    /// Notes where an incoming peer accepts connections, so that it is not dialled meanwhile, and
    /// can be called back. A private torrent's peers are the tracker's to name (BEP 27).
    func noteListenPort(of connection: PeerConnection, now: Timestamp) {
        guard connection.listenEndpoint == nil, connection.isAccepted, !isPrivate,
            let port = connection.machine.peerListenPort, port != 0
        else { return }
        let endpoint = Endpoint(address: connection.endpoint.address, port: port)
        guard !peerList.isConnected(endpoint), !peerList.isBanned(endpoint) else { return }
        connection.listenEndpoint = endpoint
        peerList.connected(endpoint, now: now)
    }

    /// Introduces a peer that has shaken hands to the swarm's decisions.
    func join(_ connection: PeerConnection, now: Timestamp) {
        swarm?.peerConnected(
            connection.key,
            traits: PeerTraits(
                address: connection.endpoint,
                supportsFast: connection.machine.supportsFast,
                requestLimit: connection.machine.peerRequestLimit,
                isOutgoing: connection.isOutgoing,
                peerID: connection.machine.remoteHandshake?.peerID,
                supportsHashes: connection.machine.supportsHashes),
            now: now)
        if let roundTrip = connection.transport.roundTrip {
            swarm?.peerRoundTrip(connection.key, roundTrip)
        }
        if !connection.machine.peerChoking { swarm?.peerUnchoked(connection.key, now: now) }
        if connection.machine.peerInterested { swarm?.peerInterested(connection.key, now: now) }
        if connection.machine.isUploadOnly {
            swarm?.peerUploadOnly(connection.key, true, now: now)
        }
    }

    // MARK: - PeerConnectionOwner

    func connectionClosed(_ connection: PeerConnection, reason: String, now: Timestamp) {
        guard connections.removeValue(forKey: connection.key) != nil else { return }
        Log.debug("\(connection.endpoint): \(reason)")
        isDialDue = true
        context.forgetUploads(of: connection.key)
        holepunch.disconnected(connection.key.rawValue)
        if connection.isAccepted {
            swarm?.peerDisconnected(connection.key, now: now)
            metadataDownload?.peerGone(connection.key.rawValue, now: now)
        }
        guard let endpoint = connection.listenEndpoint else { return }
        if context.network?.isGone == true {
            // Not the peer's fault.
            return peerList.disconnected(endpoint, wasUseful: true, now: now)
        }
        guard let since = connection.acceptedAt else {
            // Whom we reached, and who then did not shake hands, may understand the other form.
            if context.configuration.encryption == .prefer, connection.wasRefused {
                peerList.handshakeFailed(endpoint, now: now)
            } else {
                peerList.dialFailed(endpoint, now: now)
                askForIntroduction(to: endpoint, now: now)
                hurryIfAlone(now: now)
            }
            return
        }
        peerList.disconnected(
            endpoint, wasUseful: connection.wasUseful || now - since >= Self.settledTime, now: now)
        hurryIfAlone(now: now)
    }

    func connection(_ connection: PeerConnection, received action: PeerAction, now: Timestamp) {
        let peer = connection.key
        switch action {
        case .handshakeReceived(let handshake):
            accept(connection, handshake: handshake, now: now)
        case .peerHasAll: swarm?.peerHasAll(peer, now: now)
        case .peerHasNone: swarm?.peerHasNone(peer, now: now)
        case .peerBitfield(let pieces): swarm?.peerBitfield(peer, pieces, now: now)
        case .peerHave(let piece): swarm?.peerHave(peer, piece, now: now)
        case .peerDontHave(let piece): swarm?.peerDontHave(peer, piece, now: now)
        case .peerFetching(let piece): swarm?.peerFetching(peer, piece, now: now)
        case .choked: swarm?.peerChoked(peer, now: now)
        case .unchoked: swarm?.peerUnchoked(peer, now: now)
        case .interested:
            swarm?.peerInterested(peer, now: now)
            grantFast(to: connection)
        case .notInterested: swarm?.peerNotInterested(peer, now: now)
        case .rejected(let request): swarm?.requestRejected(peer, request, now: now)
        case .allowedFast(let piece): swarm?.peerAllowedFast(peer, piece, now: now)
        case .blockBegan(let request): beginBlock(request, from: connection, now: now)
        case .blockArrived(let request): finishBlock(request, from: connection, now: now)
        case .requested(let request): requested(request, by: connection, now: now)
        case .cancelled(let request): cancelled(request, by: connection)
        case .extensionHandshake(let handshake):
            extensionHandshake(handshake, from: connection, now: now)
        case .metadataRequested(let piece): sendMetadata(piece, to: connection)
        case .metadataArrived(let piece, let totalSize, let bytes):
            connection.wasUseful = true
            metadataDownload?.arrived(
                peer: peer.rawValue, piece: piece, totalSize: totalSize, bytes: bytes,
                hashing: OpenSSLHashing(), now: now)
        case .metadataRejected(let piece):
            metadataDownload?.rejected(peer: peer.rawValue, piece: piece, now: now)
        case .dhtPort(let port):
            context.dht?.addNode(
                Endpoint(address: connection.endpoint.address, port: port), now: now)
        case .peerExchange(let message):
            exchangeReceived(message, from: connection, now: now)
        case .hashesRequested: answerHashes(connection)
        case .hashesArrived(let request, let hashes):
            hashesArrived(request, hashes, from: connection, now: now)
        case .hashesRejected(let request): swarm?.hashesRejected(peer, request, now: now)
        case .holepunch(let message):
            holepunchReceived(message, from: connection, now: now)
        case .uploadOnly(let isUploadOnly):
            swarm?.peerUploadOnly(peer, isUploadOnly, now: now)
        case .suggested, .close:
            break
        }
    }
}
