import Metainfo
import PeerProtocol
import Swarm
import TorrentCore
import TorrentCrypto

/// What the torrent tells peers beyond pieces and requests.
extension Torrent {
    /// Lets a peer that begins, and has nothing to trade, have a few pieces while it is choked
    /// (BEP 6). Once, when it first wants something: by then it has said what it has.
    func grantFast(to connection: PeerConnection) {
        guard sources.isUploadEnabled, !connection.wasGrantedFast,
            connection.machine.supportsFast, connection.machine.amChoking,
            let geometry = metainfo?.info.geometry, let have = swarm?.have,
            let infoHash = connection.machine.remoteHandshake?.infoHash,
            swarm?.pieceCount(of: connection.key) ?? .max < AllowedFastSet.size
        else { return }
        connection.wasGrantedFast = true
        let pieces = AllowedFastSet.pieces(
            for: connection.endpoint.address, infoHash: infoHash, pieceCount: geometry.pieceCount,
            hashing: OpenSSLHashing())
        for piece in pieces where have[piece] { connection.machine.allowedFast(piece) }
        connection.scheduleFlush()
    }

    /// Whether peers are told that we download nothing more (BEP 21): only with every piece, since
    /// seeds of libtorrent drop an upload-only peer that lacks some.
    var isUploadOnly: Bool { sources.isUploadEnabled && isComplete }

    /// Tells peers where that has changed: the last piece verified, or one was evicted.
    func tellUploadOnly() {
        guard isUploadOnly != wasUploadOnly else { return }
        wasUploadOnly = isUploadOnly
        for connection in connections.values where connection.machine.isHandshaken {
            connection.machine.setUploadOnly(isUploadOnly)
            connection.scheduleFlush()
        }
    }
}
