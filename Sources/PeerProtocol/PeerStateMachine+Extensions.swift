package import TorrentCore

extension PeerStateMachine {
    /// Where the peer at an endpoint says that it can be dialled over the other family of addresses,
    /// if it says so (`ipv4`, `ipv6` and `p`, BEP 10).
    package func twin(of endpoint: Endpoint) -> Endpoint? {
        let isV6 = endpoint.address.isV6
        guard let address = isV6 ? remoteExtensions.addressV4 : remoteExtensions.addressV6,
            address.isV6 != isV6
        else { return nil }
        return Endpoint(address: address, port: remoteExtensions.listenPort ?? endpoint.port)
    }

    /// Requests for metadata that are taken from one peer: each piece three times over, and some
    /// before it is known how many there are.
    private var maximumMetadataRequests: Int {
        64 + 3 * MetadataMessage.pieceCount(size: ownMetadataSize ?? 0)
    }

    mutating func receiveExtended(
        _ identifier: UInt8, _ payload: [UInt8]
    ) throws(PeerCloseReason) {
        switch identifier {
        case ExtensionID.handshake:
            let handshake = try ExtensionHandshake(parsing: payload)
            remoteExtensions.merge(handshake)
            queue(.extensionHandshake(handshake))
        case ExtensionID.metadata: try receiveMetadata(payload)
        case ExtensionID.peerExchange:
            let message = try PeerExchangeMessage(parsing: payload)
            if exchangesPeers { queue(.peerExchange(message)) }
        case ExtensionID.holepunch:
            let message = try HolepunchMessage.parse(payload)
            if exchangesPeers, let message { queue(.holepunch(message)) }
        case ExtensionID.uploadOnly:
            // libtorrent ignores other lengths.
            guard payload.count == 1 else { return }
            remoteExtensions.isUploadOnly = payload[0] != 0
            queue(.uploadOnly(payload[0] != 0))
        case ExtensionID.dontHave:
            guard payload.count == 4 else { throw .invalidExtensionMessage }
            let piece = payload.span.number(at: 0)
            guard piece <= Int32.max else { throw .invalidPiece(piece) }
            try receiveChange(PieceIndex(Int32(piece)), isHad: false)
        case ExtensionID.fetching:
            guard payload.count == 4 else { throw .invalidExtensionMessage }
            let piece = payload.span.number(at: 0)
            guard let geometry else { return }
            guard piece <= Int32.max, geometry.contains(PieceIndex(Int32(piece))) else {
                throw .invalidPiece(piece)
            }
            queue(.peerFetching(PieceIndex(Int32(piece))))
        default: break
        }
    }

    private mutating func receiveMetadata(_ payload: [UInt8]) throws(PeerCloseReason) {
        switch try MetadataMessage.parse(payload) {
        case nil: break
        case .request(let piece):
            metadataRequestCount += 1
            guard servesMetadata, metadataRequestCount <= maximumMetadataRequests else {
                return rejectMetadata(piece)
            }
            queue(.metadataRequested(piece))
        case .data(let piece, let totalSize, let bytes):
            guard removeMetadataRequest(piece) else { return }
            queue(.metadataArrived(piece: piece, totalSize: totalSize, bytes: bytes))
        case .reject(let piece):
            guard removeMetadataRequest(piece) else { return }
            queue(.metadataRejected(piece))
        }
    }

    /// What was not asked for is ignored.
    private mutating func removeMetadataRequest(_ piece: Int) -> Bool {
        guard let index = requestedMetadata.firstIndex(of: piece) else { return false }
        requestedMetadata.remove(at: index)
        return true
    }
}
