import TorrentCore

/// Writes messages (BEP 3).
package enum PeerMessageEncoder {
    /// Length of a block's head: length, identifier, piece, offset.
    package static let pieceHeadLength = 13

    /// Appends a message; of `.piece` the head only, `.ignored` with an empty payload.
    package static func append(_ message: PeerMessage, to output: inout [UInt8]) {
        switch message {
        case .keepAlive: output.appendNumber(0)
        case .choke: append(MessageID.choke, to: &output)
        case .unchoke: append(MessageID.unchoke, to: &output)
        case .interested: append(MessageID.interested, to: &output)
        case .notInterested: append(MessageID.notInterested, to: &output)
        case .have(let piece): append(MessageID.have, piece, to: &output)
        case .bitfield(let bytes): append(MessageID.bitfield, bytes, to: &output)
        case .request(let request): append(MessageID.request, request, to: &output)
        case .piece(let request):
            output.appendNumber(UInt32(9 + Int(request.length)))
            output.append(MessageID.piece)
            output.appendNumber(UInt32(bitPattern: request.piece.rawValue))
            output.appendNumber(UInt32(bitPattern: request.begin))
        case .cancel(let request): append(MessageID.cancel, request, to: &output)
        case .port(let port):
            append(
                MessageID.port,
                [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)], to: &output)
        case .suggest(let piece): append(MessageID.suggest, piece, to: &output)
        case .haveAll: append(MessageID.haveAll, to: &output)
        case .haveNone: append(MessageID.haveNone, to: &output)
        case .reject(let request): append(MessageID.reject, request, to: &output)
        case .allowedFast(let piece): append(MessageID.allowedFast, piece, to: &output)
        case .extended(let identifier, let payload):
            output.reserveCapacity(output.count + 6 + payload.count)
            output.appendNumber(UInt32(2 + payload.count))
            output.append(MessageID.extended)
            output.append(identifier)
            output.append(contentsOf: payload)
        case .hashRequest(let request):
            append(MessageID.hashRequest, request, hashes: [], to: &output)
        case .hashes(let request, let hashes):
            append(MessageID.hashes, request, hashes: hashes, to: &output)
        case .hashReject(let request):
            append(MessageID.hashReject, request, hashes: [], to: &output)
        case .ignored(let identifier): append(identifier, to: &output)
        }
    }

    private static func append(_ identifier: UInt8, to output: inout [UInt8]) {
        output.appendNumber(1)
        output.append(identifier)
    }

    private static func append(
        _ identifier: UInt8, _ piece: PieceIndex, to output: inout [UInt8]
    ) {
        output.appendNumber(5)
        output.append(identifier)
        output.appendNumber(UInt32(bitPattern: piece.rawValue))
    }

    private static func append(
        _ identifier: UInt8, _ request: BlockRequest, to output: inout [UInt8]
    ) {
        output.appendNumber(13)
        output.append(identifier)
        output.appendNumber(UInt32(bitPattern: request.piece.rawValue))
        output.appendNumber(UInt32(bitPattern: request.begin))
        output.appendNumber(UInt32(bitPattern: request.length))
    }

    private static func append(
        _ identifier: UInt8, _ payload: [UInt8], to output: inout [UInt8]
    ) {
        output.appendNumber(UInt32(1 + payload.count))
        output.append(identifier)
        output.append(contentsOf: payload)
    }

    private static func append(
        _ identifier: UInt8, _ request: HashRequest, hashes: [UInt8], to output: inout [UInt8]
    ) {
        output.reserveCapacity(output.count + 5 + PeerMessageLimits.hashRequest + hashes.count)
        output.appendNumber(UInt32(1 + PeerMessageLimits.hashRequest + hashes.count))
        output.append(identifier)
        output.append(contentsOf: request.piecesRoot.bytes)
        output.appendNumber(request.baseLayer)
        output.appendNumber(request.index)
        output.appendNumber(request.length)
        output.appendNumber(request.proofLayers)
        output.append(contentsOf: hashes)
    }
}
