package import TorrentCore

extension TorrentStateMachine {
    /// How many peers that left are remembered for bans that come late: more than a piece has
    /// sources.
    static let departedLimit = 256

    /// A connection's handshake is done. The peer has nothing, chokes, and is choked.
    package mutating func peerConnected(_ key: PeerKey, traits: PeerTraits, now: Timestamp) {
        self.now = now
        guard peerNumbers[key] == nil else { return }
        var peer = SwarmPeer(key: key, traits: traits, now: now)
        peer.waitingSince = now
        let number = place(peer)
        availability.add(peers[number].bits)
    }

    /// Gives a peer, or a lane of a web seed, a slot.
    mutating func place(_ peer: SwarmPeer) -> Int {
        let number: Int
        if let reused = freePeers.popLast() {
            number = reused
            peers[number] = peer
        } else {
            // Block records name peers by 15 bits.
            precondition(peers.count < Int(Int16.max))
            number = peers.count
            peers.append(peer)
        }
        peerNumbers[peer.key] = number
        return number
    }

    /// A connection is gone; whatever was asked of it is asked of others in this turn.
    package mutating func peerDisconnected(_ key: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: key) else { return }
        releaseAll(number)
        discount(number)
        forgetHashes(of: key)
        departed.append((key, peers[number].traits.address))
        if departed.count > Self.departedLimit { departed.removeFirst() }
        let freesSlot = !peers[number].amChoking
        peers[number].isConnected = false
        peers[number].bits = Bitfield(count: 0)
        peerNumbers[key] = nil
        freePeers.append(number)
        if freesSlot { fillUnchokeSlots() }
    }

    /// The peer has every piece.
    package mutating func peerHasAll(_ key: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), !peers[number].hasAll else { return }
        discount(number)
        becomeSeed(number)
        piecesAppeared(number)
    }

    /// The peer has no piece, as every new one; from one that has said otherwise it means nothing.
    package mutating func peerHasNone(_ key: PeerKey, now: Timestamp) {
        self.now = now
    }

    /// The peer has these pieces. A bitfield of the wrong size is ignored.
    package mutating func peerBitfield(_ key: PeerKey, _ pieces: Bitfield, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), pieces.count == geometry.pieceCount else { return }
        discount(number)
        peers[number].hasAll = false
        if pieces.isFull {
            becomeSeed(number)
        } else {
            peers[number].isCountedWhole = false
            peers[number].bits = pieces
            peers[number].wasPartial = true
            availability.add(pieces)
        }
        piecesAppeared(number)
    }

    /// The peer got a piece.
    package mutating func peerHave(_ key: PeerKey, _ piece: PieceIndex, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), geometry.contains(piece), !peers[number].has(piece)
        else { return }
        if peers[number].bits.count == 0 {
            peers[number].bits = Bitfield(count: geometry.pieceCount)
        }
        peers[number].bits[piece] = true
        peers[number].wasPartial = true
        noteReading(number, piece)
        peers[number].claims.remove(piece)
        if !have[piece], isNew(piece) { turnTaken(number, piece) }
        availability.gained(piece)
        if peers[number].bits.isFull { completed(number) }
        if !have[piece] { setInterested(number) }
        hashSourceAppeared()
        if scheduler.isWanted(piece) {
            peers[number].exhaustedAt = .max
            if scheduler.isUrgent(piece) { urgentHasWork = true }
            workAppeared()
        }
        if !offers.isEmpty {
            offersAreDue = true
            needsSchedule = true
        }
        disconnectIfRedundant(number)
    }

    /// The peer downloads nothing more, or does again (BEP 21).
    package mutating func peerUploadOnly(
        _ key: PeerKey, _ isUploadOnly: Bool, now: Timestamp
    ) {
        self.now = now
        guard let number = number(of: key) else { return }
        peers[number].isUploadOnly = isUploadOnly
        disconnectIfRedundant(number)
    }

    /// How many pieces the peer has; nil where it is not connected. Linear in the torrent's pieces.
    package func pieceCount(of key: PeerKey) -> Int? {
        guard let number = peerNumbers[key] else { return nil }
        guard !peers[number].hasAll else { return geometry.pieceCount }
        let bits = peers[number].bits
        return bits.count == 0
            ? 0 : bits.setCount(in: PieceIndex(0)..<PieceIndex(geometry.pieceCount))
    }

    /// The peer lost a piece (BEP 54). What was asked of it there is answered with rejects.
    package mutating func peerDontHave(_ key: PeerKey, _ piece: PieceIndex, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), geometry.contains(piece), peers[number].has(piece)
        else { return }
        guard peers[number].hasAll else {
            peers[number].bits[piece] = false
            availability.lost(piece)
            return
        }
        peers[number].hasAll = false
        if peers[number].bits.count == 0 {
            peers[number].bits = Bitfield(count: geometry.pieceCount, allSet: true)
        }
        peers[number].bits[piece] = false
        availability.seedLost(piece)
        completeSeenAt = now
    }

    /// The peer chokes us. Without the Fast extension that voids every request; with it each is
    /// still answered, but what reads wait for is asked of others at once.
    package mutating func peerChoked(_ key: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: key) else { return }
        peers[number].isChokingUs = true
        peers[number].chokedAt = now
        releaseParole(number)
        if peers[number].traits.supportsFast {
            abandon(number, onlyUrgent: true)
        } else {
            releaseAll(number)
        }
    }

    /// The peer takes requests.
    package mutating func peerUnchoked(_ key: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), peers[number].isChokingUs else { return }
        peers[number].isChokingUs = false
        peers[number].exhaustedAt = .max
        urgentHasWork = true
        workAppeared()
    }

    /// The peer wants our pieces. It is unchoked at once while slots are free.
    package mutating func peerInterested(_ key: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), !peers[number].isInterestedInUs else { return }
        peers[number].isInterestedInUs = true
        peers[number].waitingSince = now
        fillUnchokeSlots()
    }

    /// The peer does not want our pieces. It is choked, so that its slot is free for others.
    package mutating func peerNotInterested(_ key: PeerKey, now: Timestamp) {
        self.now = now
        guard let number = number(of: key), peers[number].isInterestedInUs else { return }
        peers[number].isInterestedInUs = false
        guard !peers[number].amChoking else { return }
        setChoking(number, true)
        fillUnchokeSlots()
    }

    /// The peer answers requests for this piece even while it chokes us (BEP 6).
    package mutating func peerAllowedFast(_ key: PeerKey, _ piece: PieceIndex, now: Timestamp) {
        self.now = now
        // Clients grant ten at most (BEP 6 proposes that); more would only cost memory.
        guard let number = number(of: key), geometry.contains(piece),
            peers[number].traits.supportsFast, peers[number].allowedFast.count < 32,
            !peers[number].allowedFast.contains(piece)
        else { return }
        peers[number].allowedFast.append(piece)
        guard scheduler.isUrgent(piece) else { return }
        peers[number].exhaustedAt = .max
        urgentHasWork = true
        workAppeared()
    }

    /// The peer said how many requests it queues (`reqq` of BEP 10).
    package mutating func peerRequestLimit(_ key: PeerKey, _ limit: Int) {
        guard let number = number(of: key) else { return }
        peers[number].requestLimit = max(1, limit)
    }

    /// A round trip that the transport measured (TCP_INFO), which is what a request takes at best.
    package mutating func peerRoundTrip(_ key: PeerKey, _ roundTrip: Interval) {
        guard let number = number(of: key) else { return }
        peers[number].model.roundTripMeasured(roundTrip)
    }

    /// We sent payload.
    package mutating func blockSent(_ key: PeerKey, bytes: Int, now: Timestamp) {
        self.now = now
        guard let number = number(of: key) else { return }
        peers[number].uploaded.add(bytes)
        uploaded.add(bytes)
        counts.uploaded += Int64(bytes)
    }

    private mutating func becomeSeed(_ number: Int) {
        peers[number].hasAll = true
        peers[number].isCountedWhole = true
        peers[number].bits = Bitfield(count: 0)
        availability.addSeed()
    }

    /// A peer has got its last piece. One that was a seed before may well lose some again, and keeps
    /// its bits: that costs nothing then.
    private mutating func completed(_ number: Int) {
        guard peers[number].isCountedWhole else {
            discount(number)
            return becomeSeed(number)
        }
        peers[number].hasAll = true
        availability.seedReturned()
    }

    /// What the peer has counts no longer.
    private mutating func discount(_ number: Int) {
        if peers[number].hasAll {
            availability.removeSeed()
            completeSeenAt = now
        } else if peers[number].isCountedWhole {
            availability.removeFormerSeed(peers[number].bits)
        } else {
            availability.remove(peers[number].bits)
        }
    }

    private mutating func piecesAppeared(_ number: Int) {
        if hasPieceWeLack(number) { setInterested(number) }
        hashSourceAppeared()
        if scheduler.hasDemand {
            peers[number].exhaustedAt = .max
            urgentHasWork = true
            workAppeared()
        }
        disconnectIfRedundant(number)
    }

    /// Whether the peer has a piece that we lack; 64 pieces a step.
    func hasPieceWeLack(_ number: Int) -> Bool {
        if peers[number].hasAll { return !have.isFull }
        guard peers[number].bits.count > 0 else { return false }
        return peers[number].bits.first(in: geometry.pieces, notIn: have) != nil
    }

    /// Declares interest, once: peers punish those that waver, and choke who is not interested.
    mutating func setInterested(_ number: Int) {
        guard !peers[number].amInterested else { return }
        peers[number].amInterested = true
        actions.append(.setInterested(peers[number].key, true))
    }

    /// Two complete sides have nothing to say to each other.
    mutating func disconnectIfRedundant(_ number: Int) {
        guard have.isFull, peers[number].hasAll || peers[number].isUploadOnly,
            geometry.pieceCount > 0
        else { return }
        actions.append(.disconnect(peers[number].key, .bothComplete))
    }
}
