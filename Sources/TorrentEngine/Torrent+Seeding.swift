import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// Serving cached blocks (BEP 3, BEP 6).
extension Torrent {
    /// Blocks being read from disk for one peer at a time: 512 KiB, the low-water mark of its
    /// socket.
    private static let blockReadsPerPeer = 32

    func requested(_ request: BlockRequest, by connection: PeerConnection, now: Timestamp) {
        guard sources.isUploadEnabled, store?.has(request.piece) == true,
            connection.uploads.add(request) != .full
        else {
            connection.machine.reject(request)
            connection.scheduleFlush()
            return
        }
        pumpUploads(of: connection)
    }

    /// The state machine has answered the peer; a block that is being read is dropped when it comes.
    func cancelled(_ request: BlockRequest, by connection: PeerConnection) {
        _ = connection.uploads.cancel(request)
        connection.scheduleFlush()
    }

    func choke(_ peer: PeerKey) {
        guard let connection = connections[peer] else { return }
        // The state machine rejects what the peer has asked for (BEP 6).
        connection.machine.choke()
        _ = connection.uploads.removeAll()
        connection.scheduleFlush()
    }

    func connectionCanSend(_ connection: PeerConnection, now: Timestamp) {
        pumpUploads(of: connection)
    }

    /// Has blocks read while the socket takes them.
    private func pumpUploads(of connection: PeerConnection) {
        guard let store else { return }
        while connection.blockReadsInFlight < Self.blockReadsPerPeer,
            connection.sendQueue.byteCount < PeerConnection.sendLowWater,
            let request = connection.uploads.next()
        {
            connection.blockReadsInFlight += 1
            let (id, mailbox, peer) = (self.id, context.mailbox, connection.key)
            store.readBlock(request) { block in
                mailbox.post(.blockRead(id, peer, request, block))
            }
        }
    }

    /// A block is in memory, or is not there any more.
    func blockRead(
        _ block: UploadBlock?, request: BlockRequest, for peer: PeerKey, now: Timestamp
    ) {
        guard let connection = connections[peer] else { return }
        connection.blockReadsInFlight -= 1
        if let block {
            guard connection.send(block, for: request) else { return pumpUploads(of: connection) }
            swarm?.blockSent(peer, bytes: Int(request.length), now: now)
        } else {
            connection.machine.reject(request)
            connection.scheduleFlush()
        }
        pumpUploads(of: connection)
    }
}
