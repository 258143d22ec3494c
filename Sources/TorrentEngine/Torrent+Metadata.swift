import Metainfo
import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// The info dictionary from peers and for peers (BEP 9).
extension Torrent {
    /// What peers may fetch: the info dictionary, once it is known. That of a private torrent is not
    /// given away, as in libtorrent: who may have it has it from the tracker's site (BEP 27).
    var servedMetadata: [UInt8]? { isPrivate ? nil : metainfo?.info.bytes }

    func extensionHandshake(
        _ handshake: ExtensionHandshake, from connection: PeerConnection, now: Timestamp
    ) {
        if let size = connection.machine.metadataSize {
            metadataDownload?.peerOffers(peer: connection.key.rawValue, size: size, now: now)
        }
        swarm?.peerRequestLimit(connection.key, connection.machine.peerRequestLimit)
        if let seen = handshake.yourAddress { context.peerSees(seen) }
        if let ago = handshake.completeAgo {
            swarm?.peerSawComplete(ago: .seconds(Double(ago)), now: now)
        }
        connection.machine.setUploadOnly(isUploadOnly)
        connection.scheduleFlush()
        swarm?.peerUploadOnly(connection.key, connection.machine.isUploadOnly, now: now)
        noteListenPort(of: connection, now: now)
        noteTwin(of: connection, now: now)
        announceLate(to: connection)
    }

    /// Carries out what the metadata download has decided.
    func runMetadata(now: Timestamp) {
        while let action = metadataDownload?.nextAction() {
            switch action {
            case .request(let peer, let piece):
                guard let connection = connections[PeerKey(peer)] else { continue }
                connection.machine.requestMetadata(piece)
                connection.scheduleFlush()
            case .drop(let peer):
                guard let connection = connections[PeerKey(peer)] else { continue }
                connection.wasUseful = false
                connection.close("sent wrong metadata", now: now)
            case .completed(let bytes):
                finishMetadata?(.success(bytes))
                finishMetadata = nil
            }
        }
    }

    func sendMetadata(_ piece: Int, to connection: PeerConnection) {
        let length = BlockRequest.standardLength
        connection.queueOutput()
        if !connection.isOverfull, let metadata = servedMetadata, piece >= 0,
            piece * length < metadata.count
        {
            let end = min(metadata.count, (piece + 1) * length)
            connection.machine.sendMetadata(
                piece: piece, totalSize: metadata.count,
                bytes: Array(metadata[piece * length..<end]))
        } else {
            connection.machine.rejectMetadata(piece)
        }
        connection.scheduleFlush()
    }

    /// Tells who waits for the torrent how far it is.
    func reportMetadataProgress() {
        guard let reportProgress, let metadataDownload else { return }
        let (received, total) = metadataDownload.progress
        if total > 0 {
            reportProgress(.fetchingMetadata(received: received, total: total))
        } else if connections.isEmpty, let url = privateTracker {
            reportProgress(.trackerIsPrivate(url: url))
        } else if connections.isEmpty {
            reportProgress(.lookingForPeers(dhtNodes: context.dht?.nodeCount))
        } else {
            reportProgress(.connecting(peers: connections.count))
        }
    }
}
