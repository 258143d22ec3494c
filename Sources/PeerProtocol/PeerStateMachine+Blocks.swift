package import TorrentCore

extension PeerStateMachine {
    /// The owner has put (or dropped) `count` bytes of the block that `receiveTarget` names, at
    /// most those that were missing. No allocation.
    package mutating func receivedBlockBytes(_ count: Int, now: Timestamp) {
        guard case .block(let block, let received) = receiveTarget else { return }
        precondition(
            count >= 0 && count <= Int(block.length) - received, "more bytes than the block has")
        lastReceived = now
        guard received + count == Int(block.length) else {
            receiveTarget = .block(block, received: received + count)
            return
        }
        receiveTarget = .control
        queue(.blockArrived(block))
    }

    /// A block that was never requested is passed over; a few are no offence, for a cancel and a
    /// new connection can cross with anything.
    mutating func receiveBlockHead(_ block: BlockRequest) throws(PeerCloseReason) {
        // BitComet says no with an empty block.
        guard block.length > 0 else {
            guard let request = outstanding.request(at: block) else { return try unrequested() }
            return try receiveReject(request)
        }
        if let geometry, !geometry.contains(block) { throw .invalidBlock }
        guard outstanding.answered(block) else {
            decoder.skip(Int(block.length))
            return try unrequested()
        }
        receiveTarget = .block(block, received: 0)
        queue(.blockBegan(block))
    }

    mutating func receiveReject(_ request: BlockRequest) throws(PeerCloseReason) {
        switch outstanding.rejected(request) {
        case .unknown: try unrequested()
        case .another: break
        case .final: queue(.rejected(request))
        }
    }

    mutating func unrequested() throws(PeerCloseReason) {
        unrequestedCount += 1
        guard unrequestedCount <= Self.maximumUnrequested else { throw .unrequested }
    }

    // MARK: - The peer's requests

    mutating func receiveRequest(_ request: BlockRequest) throws(PeerCloseReason) {
        guard request.length > 0, Int(request.length) <= PeerMessageLimits.block else {
            throw .invalidRequest
        }
        guard let geometry else { return try refuse(request) }
        guard geometry.mayBeAsked(request) else { throw .invalidRequest }
        guard !amChoking || takesFast(request, geometry) else { return try refuse(request) }
        // A request repeated is one request.
        guard !pendingUploads.contains(request) else { return }
        guard pendingUploads.count < configuration.requestLimit else {
            return try refuse(request)
        }
        pendingUploads.insert(request)
        if amChoking { fastRequestCount += 1 }
        queue(.requested(request))
    }

    /// Whether a choked peer may have a block: of a piece that we allowed, and each of those blocks
    /// twice, not again and again.
    private func takesFast(_ request: BlockRequest, _ geometry: PieceGeometry) -> Bool {
        grantedFast.contains(request.piece)
            && fastRequestCount < 2 * grantedFast.count * geometry.blockCount(of: request.piece)
    }

    mutating func receiveCancel(_ request: BlockRequest) {
        guard pendingUploads.remove(request) != nil else { return }
        // Each request is answered by a block or a reject, cancelled or not (BEP 6).
        if supportsFast { send(.reject(request)) }
        queue(.cancelled(request))
    }

    /// Says no to a request. A window of them may cross with a choke, but not many windows.
    private mutating func refuse(_ request: BlockRequest) throws(PeerCloseReason) {
        refusedCount += 1
        guard refusedCount <= 4 * configuration.requestLimit else { throw .requestFlood }
        if supportsFast { send(.reject(request)) }
    }
}
