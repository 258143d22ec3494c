package import TorrentCore

extension PeerStateMachine {
    mutating func sendHandshake(_ infoHash: SHA1Digest, offersUpgrade: Bool) {
        var reserved = configuration.reserved
        if offersUpgrade { reserved.insert(.hybrid) }
        let handshake = Handshake(
            infoHash: infoHash, peerID: configuration.peerID, reserved: reserved)
        output.append(contentsOf: handshake.bytes)
        hasSentLately = true
    }

    /// Gathers the peer's 68 bytes; the first wrong one ends it.
    mutating func receiveHandshake(
        _ bytes: Span<UInt8>, from position: inout Int
    ) throws(PeerCloseReason) {
        let count = min(Handshake.byteCount - handshakeBytes.count, bytes.count - position)
        for index in position..<position + count { handshakeBytes.append(bytes[index]) }
        position += count
        guard Handshake.couldStart(with: handshakeBytes.span) else { throw .notBitTorrent }
        guard handshakeBytes.count == Handshake.byteCount else { return }

        let handshake = try Handshake(parsing: handshakeBytes.span)
        handshakeBytes = []
        if case .outgoing(let identity, let hash) = role, handshake.infoHash != hash,
            handshake.infoHash != identity.upgrade(from: hash)
        {
            throw .wrongInfoHash
        }
        remoteHandshake = handshake
        supportsFast =
            handshake.reserved.contains(.fast) && configuration.reserved.contains(.fast)
        supportsExtensions =
            handshake.reserved.contains(.extensionProtocol)
            && configuration.reserved.contains(.extensionProtocol)
        phase = .awaitingAcceptance
        queue(.handshakeReceived(handshake))
    }

    /// Answers `.handshakeReceived`, for outgoing connections as well: sends our handshake (where
    /// the peer's came first), what we have, and our extension handshake. Then give `received` the
    /// bytes that it left.
    ///
    /// - Parameters:
    ///   - identity: the torrent that the peer's handshake names.
    ///   - geometry: nil while the metadata is not there.
    ///   - have: what we claim to have; nil claims nothing. Ignored without `geometry`.
    ///   - metadataSize: length of the info dictionary, where we can serve it.
    ///   - isPrivate: whether the torrent is private; its metadata is then not exchanged, as
    ///     libtorrent does not, nor are its peers (BEP 27).
    ///   - isUploadOnly: whether we download nothing more. True only with every piece: libtorrent
    ///     drops an upload-only peer that has nothing for it.
    ///   - remoteAddress: the peer's address, to tell it (BEP 10).
    ///   - addresses: public addresses at which we accept connections, one of a family at most.
    ///   - completeAgo: seconds since we last saw that somebody had everything; nil for never.
    package mutating func accept(
        identity: TorrentIdentity, geometry: PieceGeometry?, have: Bitfield?, metadataSize: Int?,
        isPrivate: Bool = false, isUploadOnly: Bool = false, remoteAddress: IPAddress? = nil,
        addresses: [IPAddress] = [], completeAgo: Int? = nil, now: Timestamp
    ) {
        guard phase == .awaitingAcceptance, let remote = remoteHandshake else { return }
        precondition(identity.matches(remote.infoHash), "accepted for another torrent")
        phase = .open
        lastReceived = now
        keepAliveDeadline = now + configuration.keepAliveInterval
        self.geometry = geometry
        // A hybrid's peer that offers to is taken to the v2 protocol by our answer (BEP 52).
        let mayUpgrade = role == .incoming && remote.reserved.contains(.hybrid)
        let upgrade = mayUpgrade ? identity.upgrade(from: remote.infoHash) : nil
        let answer = upgrade ?? remote.infoHash
        supportsHashes = answer == identity.v2?.truncated
        servesMetadata = !isPrivate
        exchangesPeers = !isPrivate
        ownMetadataSize = isPrivate ? nil : metadataSize
        decoder.limits = PeerMessageLimits(
            bitfieldLength: geometry.map { ($0.pieceCount + 7) / 8 }, acceptsFast: supportsFast,
            acceptsExtensions: supportsExtensions,
            acceptsHashes: supportsHashes)

        if role == .incoming { sendHandshake(answer, offersUpgrade: false) }
        sendHave(geometry == nil ? nil : have)
        if supportsExtensions {
            var handshake = extensionOffer()
            handshake.listenPort = configuration.listenPort
            handshake.clientName = configuration.clientName
            handshake.requestLimit = configuration.requestLimit
            handshake.yourAddress = remoteAddress
            handshake.addressV4 = addresses.first { !$0.isV6 }
            handshake.addressV6 = addresses.first(where: \.isV6)
            handshake.completeAgo = completeAgo
            if isUploadOnly { handshake.isUploadOnly = true }
            announcedUploadOnly = isUploadOnly
            send(.extended(ExtensionID.handshake, handshake.encoded()))
        }
        if !isPrivate { sendDHTPort() }
    }

    /// The metadata is there: checks and reports what the peer said it has, tells it what we have,
    /// and that it may ask for the metadata where `metadataSize` is given. Once, after `accept`
    /// without a geometry; otherwise nothing happens.
    package mutating func metadataKnown(
        geometry: PieceGeometry, have: Bitfield, metadataSize: Int? = nil
    ) {
        guard phase == .open, self.geometry == nil else { return }
        self.geometry = geometry
        decoder.limits.bitfieldLength = (geometry.pieceCount + 7) / 8
        do throws(PeerCloseReason) {
            if let action = try earlyHave.resolved(pieceCount: geometry.pieceCount) {
                queue(action)
            }
        } catch {
            return close(error)
        }
        earlyHave = EarlyHave()
        peerAllowedFast.removeAll { !geometry.contains($0) }
        for piece in peerAllowedFast { queue(.allowedFast(piece)) }

        // A bitfield comes first or not at all (BEP 3), so it is made up for piece by piece.
        for run in have.runs {
            for piece in run { send(.have(piece)) }
        }
        if let metadataSize, servesMetadata, supportsExtensions {
            ownMetadataSize = metadataSize
            send(.extended(ExtensionID.handshake, extensionOffer().encoded()))
        }
    }

    /// Exactly one message with the fast extension (BEP 6); without it, none for nothing (BEP 3).
    private mutating func sendHave(_ have: Bitfield?) {
        let have = have ?? Bitfield(count: 0)
        if supportsFast, have.isEmpty {
            send(.haveNone)
        } else if supportsFast, have.isFull {
            send(.haveAll)
        } else if !have.isEmpty {
            send(.bitfield(have.wireBytes))
        }
    }

    private func extensionOffer() -> ExtensionHandshake {
        var handshake = ExtensionHandshake()
        handshake.dontHaveID = ExtensionID.dontHave
        handshake.fetchingID = ExtensionID.fetching
        handshake.uploadOnlyID = ExtensionID.uploadOnly
        if servesMetadata { handshake.metadataID = ExtensionID.metadata }
        if exchangesPeers {
            handshake.peerExchangeID = ExtensionID.peerExchange
            handshake.holepunchID = ExtensionID.holepunch
        }
        handshake.metadataSize = ownMetadataSize
        return handshake
    }
}
