package import TorrentCore

// Each writes to the output. Before `accept` and after the end none does anything.
extension PeerStateMachine {
    /// Chokes the peer. Its requests are over, and rejected one by one where it knows the fast
    /// extension; those for pieces granted by `allowedFast` stay.
    package mutating func choke() {
        guard phase == .open, !amChoking else { return }
        amChoking = true
        refusedCount = 0
        send(.choke)
        let refused = pendingUploads.filter { !grantedFast.contains($0.piece) }
        pendingUploads.subtract(refused)
        guard supportsFast else { return }
        // In order, so that the same events always make the same bytes.
        let inOrder = refused.sorted { ($0.piece, $0.begin) < ($1.piece, $1.begin) }
        for request in inOrder { send(.reject(request)) }
    }

    /// Unchokes the peer.
    package mutating func unchoke() {
        guard phase == .open, amChoking else { return }
        amChoking = false
        refusedCount = 0
        send(.unchoke)
    }

    /// Tells the peer whether we want blocks; nothing where it knows.
    package mutating func setInterested(_ isInterested: Bool) {
        guard phase == .open, isInterested != amInterested else { return }
        amInterested = isInterested
        send(isInterested ? .interested : .notInterested)
    }

    /// Announces a piece that is verified.
    package mutating func have(_ piece: PieceIndex) {
        guard phase == .open else { return }
        send(.have(piece))
    }

    /// Takes an announced piece back, where the peer understands that (BEP 54).
    package mutating func dontHave(_ piece: PieceIndex) {
        send(piece, as: remoteExtensions.dontHaveID)
    }

    /// Says that we have begun to fetch a piece from a seed, where the peer understands that.
    package mutating func fetching(_ piece: PieceIndex) {
        send(piece, as: remoteExtensions.fetchingID)
    }

    /// Sends an extension's message that is a piece's number, by the peer's name for it: nil or zero
    /// where it does not know the extension (BEP 10).
    private mutating func send(_ piece: PieceIndex, as identifier: UInt8?) {
        guard phase == .open, let identifier, identifier != 0 else { return }
        var payload: [UInt8] = []
        payload.appendNumber(UInt32(bitPattern: piece.rawValue))
        send(.extended(identifier, payload))
    }

    /// Asks for a block, at most 16 KiB. While the peer chokes us and has not allowed the piece,
    /// nothing is sent (libtorrent closes at that) and `.rejected` is the answer.
    package mutating func request(_ request: BlockRequest) {
        guard phase == .open else { return }
        guard !peerChoking || peerAllowedFast.contains(request.piece) else {
            return queue(.rejected(request))
        }
        outstanding.requested(request)
        send(.request(request))
    }

    /// Takes a request back. Its block, or with the fast extension a reject, may still come.
    package mutating func cancel(_ request: BlockRequest) {
        guard phase == .open, outstanding.cancelled(request) else { return }
        send(.cancel(request))
    }

    /// Refuses a request of the peer; nothing where it was answered or taken back.
    package mutating func reject(_ request: BlockRequest) {
        guard phase == .open, pendingUploads.remove(request) != nil, supportsFast else { return }
        send(.reject(request))
    }

    /// Writes the head of a block, 13 bytes; the caller sends the payload right behind them. False,
    /// and nothing written, where the request was taken back or is void: then send no payload.
    package mutating func pieceHeader(_ request: BlockRequest) -> Bool {
        guard phase == .open, pendingUploads.remove(request) != nil else { return false }
        refusedCount = 0
        send(.piece(request))
        return true
    }

    /// A block has been sent whole, with the head that `PeerMessageEncoder` writes: for who sends
    /// many at once and knows only afterwards how many the socket took. Only for a request that is
    /// pending, and with nothing of `takeOutput` sent in between.
    package mutating func blockSent(_ request: BlockRequest) {
        guard phase == .open, pendingUploads.remove(request) != nil else { return }
        refusedCount = 0
    }

    /// Whether a request of the peer waits for an answer, and may still get one.
    package func isPending(_ request: BlockRequest) -> Bool {
        phase == .open && pendingUploads.contains(request)
    }

    /// Lets the peer request a piece while choked (BEP 6); nothing where it does not know how.
    package mutating func allowedFast(_ piece: PieceIndex) {
        guard phase == .open, supportsFast, !grantedFast.contains(piece),
            grantedFast.count < Self.maximumAllowedFast
        else { return }
        grantedFast.append(piece)
        send(.allowedFast(piece))
    }

    /// Tells the peer whether we download nothing more (BEP 21); nothing where it knows, or does not
    /// understand. True only with every piece, as for `accept`.
    package mutating func setUploadOnly(_ isUploadOnly: Bool) {
        guard phase == .open, isUploadOnly != announcedUploadOnly,
            let identifier = remoteExtensions.uploadOnlyID, identifier != 0
        else { return }
        announcedUploadOnly = isUploadOnly
        send(.extended(identifier, [isUploadOnly ? 1 : 0]))
    }

    // MARK: - Metadata (BEP 9)

    /// Asks for a piece of the info dictionary; nothing where the peer has no `ut_metadata`.
    package mutating func requestMetadata(_ piece: Int) {
        guard sendMetadata(.request(piece: piece)), !requestedMetadata.contains(piece) else {
            return
        }
        requestedMetadata.append(piece)
    }

    /// Answers a request for a piece of the info dictionary of `totalSize` bytes.
    package mutating func sendMetadata(piece: Int, totalSize: Int, bytes: [UInt8]) {
        _ = sendMetadata(.data(piece: piece, totalSize: totalSize, bytes: bytes))
    }

    /// Refuses a request for a piece of the info dictionary.
    package mutating func rejectMetadata(_ piece: Int) {
        _ = sendMetadata(.reject(piece: piece))
    }

    private mutating func sendMetadata(_ message: MetadataMessage) -> Bool {
        guard phase == .open, let identifier = remoteExtensions.metadataID, identifier != 0
        else { return false }
        send(.extended(identifier, message.encoded()))
        return true
    }
}
