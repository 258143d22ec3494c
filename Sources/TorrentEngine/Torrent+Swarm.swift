import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore
import TrackerProtocol

/// Readers, blocks and pieces: the swarm machine decides, this carries it out.
extension Torrent {
    // MARK: - Readers

    func readArrived(
        _ read: ReadID, pieces: Range<PieceIndex>, bytes: Range<Int64>?, now: Timestamp
    ) {
        swarm?.readArrived(ReadKey(read.rawValue), pieces: pieces, bytes: bytes, now: now)
        hurryIfIdle(for: pieces, now: now)
    }

    func readEnded(_ read: ReadID, now: Timestamp) {
        swarm?.readEnded(ReadKey(read.rawValue), now: now)
    }

    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>, now: Timestamp) {
        swarm?.readahead(StreamKey(stream.rawValue), pieces: pieces, now: now)
    }

    func readTimedOut(pieces: Range<PieceIndex>, path: String, now: Timestamp) {
        let reason = swarm?.waitReason(for: pieces).description ?? "the torrent is closing"
        Log.warning(
            "\(path): a read of pieces \(pieces.lowerBound)..<\(pieces.upperBound) timed out: \(reason)"
        )
    }

    // MARK: - Blocks

    func beginBlock(_ request: BlockRequest, from connection: PeerConnection, now: Timestamp) {
        connection.receiving = request
        connection.placement =
            swarm?.blockBegan(connection.key, request, now: now) ?? .discard
        connection.directBuffer = nil
        guard case .direct = connection.placement else { return }
        connection.directBuffer = buffers[request.piece]
        // The swarm machine takes it for there: then the block must not be lost.
        if connection.directBuffer == nil { connection.placement = .scratch }
    }

    func finishBlock(_ request: BlockRequest, from connection: PeerConnection, now: Timestamp) {
        let placement = connection.placement
        connection.receiving = nil
        connection.directBuffer = nil
        connection.placement = .discard
        let isWanted = swarm?.blockArrived(connection.key, request, now: now) == .wanted
        guard isWanted else { return }
        connection.wasUseful = true
        guard case .scratch = placement else { return }
        guard buffers[request.piece] != nil else { return keepLoose(request, from: connection) }
        takeCopy(of: request, from: connection.scratchBlock)
    }

    /// Puts a block that came beside its place there.
    func takeCopy(of request: BlockRequest, from scratch: ScratchBlock) {
        guard let buffer = buffers[request.piece] else { return }
        // Whoever was writing the block must not go on with it, not even in this turn: the sender
        // of this copy answers for its bytes.
        for other in connections.values { discardIncoming(request, from: other.key) }
        for run in webSeedRuns.values { run.landing.discard(request) }
        let start = Int(request.begin)
        UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[start...]).copyMemory(
            from: UnsafeRawBufferPointer(
                rebasing: scratch.bytes[..<Int(request.length)]))
    }

    /// Tells the swarm machine, before it looks for silent peers, who is in the middle of a block:
    /// it hears of ends and beginnings only, and a block of a slow peer takes seconds.
    func tellProgress() {
        for connection in connections.values where connection.receiving != nil {
            swarm?.peerProgressed(connection.key, at: connection.machine.lastReceived)
        }
    }

    /// Lets the rest of a block that is arriving in place go to scratch memory: from now on somebody
    /// else writes, or reads, its place.
    private func discardIncoming(_ request: BlockRequest, from peer: PeerKey) {
        if let run = webSeedRuns[peer] { return run.landing.discard(request) }
        guard let connection = connections[peer], connection.receiving == request else { return }
        connection.placement = .discard
        connection.directBuffer = nil
    }

    // MARK: - Decisions

    /// Carries out what the swarm machine has decided.
    func runSwarm(now: Timestamp) {
        if let available = store?.availableBufferBytes {
            swarm?.memoryAvailable(available, now: now)
        }
        allowDownload(now: now)
        swarm?.takeActions(into: &swarmActions)
        awaitAllowance(madeRequests: !swarmActions.isEmpty, now: now)
        for action in swarmActions { run(action, now: now) }
        awaitBuffers(now: now)
    }

    /// Where a piece could not be opened for want of memory, has the turn that some comes back begin
    /// at once.
    private func awaitBuffers(now: Timestamp) {
        guard let store, swarm?.isShortOfMemory == true, !isAwaitingBuffers else { return }
        isAwaitingBuffers = true
        store.notifyOfBuffers()
        // What came back before that has told nobody.
        swarm?.memoryAvailable(store.availableBufferBytes, now: now)
        if swarm?.isShortOfMemory == false { context.loop.wake() }
    }

    private func run(_ action: SwarmAction, now: Timestamp) {
        switch action {
        case .request(let peer, let request):
            command(peer) { $0.request(request) }
        case .cancel(let peer, let request):
            command(peer) { $0.cancel(request) }
        case .fetch(let lane, let run):
            fetch(lane, run, now: now)
        case .abandonFetch(let lane):
            abandonFetch(lane)
        case .webSeedCorrupt(let seed, let piece):
            webSeedCorrupt(seed, piece)
        case .setInterested(let peer, let isInterested):
            command(peer) { $0.setInterested(isInterested) }
        case .choke(let peer):
            choke(peer)
        case .unchoke(let peer):
            if sources.isUploadEnabled { command(peer) { $0.unchoke() } }
        case .announceHave(let piece):
            announceHave(piece)
        case .announceFetch(let piece):
            announceFetch(piece)
        case .openPiece(let piece):
            openPiece(piece, now: now)
        case .dropPiece(let piece):
            buffers[piece] = nil
            looseBlocks[piece] = nil
        case .requestHashes(let peer, let request):
            command(peer) { $0.requestHashes(request) }
        case .verifyBlock(let request, let leaf):
            verifyBlock(request, leaf: leaf, now: now)
        case .verify(let piece, let wantsBlockDigests):
            verify(piece, wantsBlockDigests: wantsBlockDigests, now: now)
        case .announceLost(let piece):
            announceLost(piece, now: now)
        case .discardIncoming(let peer, let request):
            discardIncoming(request, from: peer)
        case .banEndpoint(let endpoint, let reason):
            Log.warning("\(endpoint): banned: \(reason)")
            peerList.ban(endpoint)
        case .disconnect(let peer, let reason):
            guard let connection = connections[peer] else { return }
            forgetTwin(of: connection)
            connection.close(reason.description, now: now)
        case .ban(let peer, let reason):
            guard let connection = connections[peer] else { return }
            Log.warning("\(connection.endpoint): banned: \(reason)")
            peerList.ban(connection.endpoint)
            if let endpoint = connection.listenEndpoint { peerList.ban(endpoint) }
            connection.close(reason.description, now: now)
        }
    }

    private func command(_ peer: PeerKey, _ body: (inout PeerStateMachine) -> Void) {
        guard let connection = connections[peer] else { return }
        body(&connection.machine)
        connection.scheduleFlush()
    }

    // MARK: - Pieces

    private func openPiece(_ piece: PieceIndex, now: Timestamp) {
        if let buffer = store?.makeBuffer(for: piece) {
            buffers[piece] = buffer
            gatherLoose(into: buffer)
        } else {
            looseBlocks[piece] = nil
            swarm?.bufferUnavailable(piece, now: now)
        }
    }

    private func verify(_ piece: PieceIndex, wantsBlockDigests: Bool, now: Timestamp) {
        guard let store, let buffer = buffers.removeValue(forKey: piece) else { return }
        let (id, mailbox) = (self.id, context.mailbox)
        store.submit(buffer, wantsBlockDigests: wantsBlockDigests) { outcome in
            mailbox.post(.pieceFinished(id, outcome))
        }
    }

    /// The hash pool is done with a piece.
    func pieceFinished(_ outcome: PieceOutcome, now: Timestamp) {
        switch outcome {
        case .verified(let piece, let digests):
            swarm?.pieceVerified(piece, blockDigests: digests, now: now)
        case .unverifiable(let piece):
            Log.error("\(identity): piece \(piece) has no hash to check it with (BEP 52)")
        case .inconsistent(let piece):
            stopInconsistent(piece, now: now)
        case .closed:
            break
        case .failed(let piece, let digests):
            Log.warning("\(identity): piece \(piece) does not match its hash, fetching it again")
            swarm?.pieceFailed(piece, blockDigests: digests, now: now)
        }
        if isComplete {
            announces.complete(now: now)
            searchDHT(now: now)
        }
        tellUploadOnly()
    }

    /// Verified pieces could not be kept, or were evicted.
    func piecesLost(_ pieces: [PieceIndex], now: Timestamp) {
        for piece in pieces { swarm?.pieceLost(piece, now: now) }
        tellUploadOnly()
    }
}
