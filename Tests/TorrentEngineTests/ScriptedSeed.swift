import Foundation
import Metainfo
import PeerProtocol
import TorrentCore

/// What a scripted seed of a one-file v1 or hybrid torrent knows, and its usual moves.
struct ScriptedSeed: Sendable {
    let hash: SHA1Digest
    let bytes: [UInt8]
    let pieceLength: Int
    let pieceCount: Int

    init(_ swarmlet: Swarmlet, file: String = "big") {
        hash = swarmlet.metainfo.info.identity.handshakeHash
        bytes = [UInt8](swarmlet.files[file] ?? Data())
        pieceLength = swarmlet.metainfo.info.pieceLength
        pieceCount = swarmlet.metainfo.info.geometry.pieceCount
    }

    func payload(_ request: BlockRequest) -> [UInt8] {
        let start = request.piece.value * pieceLength + Int(request.begin)
        return Array(bytes[start..<start + Int(request.length)])
    }

    /// Other bytes than the right ones.
    func garbage(_ request: BlockRequest) -> [UInt8] { payload(request).map { ~$0 } }

    /// Answers the handshake, and claims to have everything.
    func greet(_ wire: Wire, id: String = "-XX0001-scripted0000") throws {
        try wire.readHandshake()
        try wire.sendHandshake(hash, id: id)
        try wire.send(.haveAll)
    }

    func answer(_ wire: Wire, _ request: BlockRequest) throws {
        try wire.send(.piece(request), payload: payload(request))
    }

    /// Answers every request until the other side closes.
    func serve(_ wire: Wire) throws {
        try wire.send(.unchoke)
        while true { try answer(wire, wire.nextRequest()) }
    }
}
