package import TorrentCore

/// Hashes of Merkle trees (BEP 52). Both ways only where `supportsHashes`: others close at them.
extension PeerStateMachine {
    /// How many of the peer's requests for hashes wait at once; further ones are rejected. A reader
    /// needs one a read, and one for each 512 pieces.
    static let maximumPendingHashes = 64

    /// Asks for hashes; nothing where the peer does not know how, or the request is malformed. At
    /// once behind the request for one of the blocks whose leaves they are, it must not be rejected
    /// where the block is sent.
    package mutating func requestHashes(_ request: HashRequest) {
        guard phase == .open, supportsHashes, request.isWellFormed else { return }
        requestedHashes.append(request)
        send(.hashRequest(request))
    }

    /// Answers a request for hashes; nothing where it was answered before.
    package mutating func sendHashes(_ request: HashRequest, _ hashes: [UInt8], now: Timestamp) {
        guard phase == .open, removePendingHashes(request) else { return }
        send(.hashes(request, hashes))
        if isForPieces(request) { blockOrder.answered(now: now) }
    }

    /// Refuses a request for hashes; nothing where it was answered before.
    package mutating func rejectHashes(_ request: HashRequest) {
        guard phase == .open, removePendingHashes(request) else { return }
        send(.hashReject(request))
    }

    /// The peer's request for hashes that waits longest for its answer.
    package var nextHashRequest: HashRequest? { phase == .open ? pendingHashes.first : nil }

    private mutating func removePendingHashes(_ request: HashRequest) -> Bool {
        guard let index = pendingHashes.firstIndex(of: request) else { return false }
        pendingHashes.remove(at: index)
        return true
    }

    /// What cannot be answered is rejected, as with blocks: a few windows of it cross with anything.
    mutating func receiveHashRequest(_ request: HashRequest) throws(PeerCloseReason) {
        // A request repeated is one request.
        let isRepeated = pendingHashes.contains(request)
        let isRejected =
            geometry == nil || !request.isWellFormed
            || pendingHashes.count >= Self.maximumPendingHashes
        guard !isRepeated, !isRejected else {
            refusedCount += 1
            guard refusedCount <= 4 * configuration.requestLimit else { throw .requestFlood }
            if !isRepeated { send(.hashReject(request)) }
            return
        }
        pendingHashes.append(request)
        if isForPieces(request) { blockOrder.asked(now: lastReceived) }
        queue(.hashesRequested(request))
    }

    mutating func receiveHashes(
        _ request: HashRequest, _ hashes: [UInt8]
    ) throws(PeerCloseReason) {
        guard let index = requestedHashes.firstIndex(of: request) else { return try unrequested() }
        guard hashes.count == request.hashCount * SHA256Digest.byteCount else {
            throw .invalidHashes
        }
        requestedHashes.remove(at: index)
        queue(.hashesArrived(request, hashes))
    }

    mutating func receiveHashReject(_ request: HashRequest) throws(PeerCloseReason) {
        guard let index = requestedHashes.firstIndex(of: request) else { return try unrequested() }
        requestedHashes.remove(at: index)
        queue(.hashesRejected(request))
    }
}
