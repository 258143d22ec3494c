import PeerProtocol
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// Serving cached blocks (BEP 3, BEP 6).
///
/// What the kernel's cache holds goes to the socket at once, on the loop. What a disk has to be asked
/// for is read by the upload threads and sent when it is there.
extension Torrent {
    /// Bytes of blocks being read from disk for one peer at a time: enough to keep a disk and a fast
    /// socket busy, little enough that a cancel is worth sending.
    private static let diskBytesPerPeer = 512 * 1024
    /// Bytes that one thread reads at once: four of them work for one peer.
    private static let diskRunLength = 128 * 1024
    /// Bytes one peer may be sent in a turn, so that a fast one does not starve the others.
    private static let bytesPerTurn = 1024 * 1024

    func requested(_ request: BlockRequest, by connection: PeerConnection, now: Timestamp) {
        if !sources.isUploadEnabled || store?.has(request.piece) != true
            || connection.uploads.add(request) == .full
        {
            connection.machine.reject(request)
        }
        // One flush at the end of the turn answers all that came in it.
        connection.scheduleFlush()
    }

    /// The state machine has answered the peer; a block that is being read is dropped when it comes.
    func cancelled(_ request: BlockRequest, by connection: PeerConnection) {
        _ = connection.uploads.cancel(request)
        connection.scheduleFlush()
    }

    func choke(_ peer: PeerKey) {
        guard let connection = connections[peer] else { return }
        // The state machine rejects what the peer has asked for, save what it may have choked (BEP 6).
        connection.machine.choke()
        connection.uploads.removeAll { !connection.machine.isPending($0) }
        connection.scheduleFlush()
    }

    func connectionCanSend(_ connection: PeerConnection, now: Timestamp) {
        // The last hashes, or the timer, flush again.
        guard let store, !connection.machine.holdsBlocks else { return }
        var sent = 0
        while connection.isOpen, !connection.isWaitingToSend,
            let next = connection.uploads.waiting.first
        {
            guard connection.machine.isPending(next) else {
                // The peer has broken a rule, and only hears why.
                _ = connection.uploads.next()
                continue
            }
            guard sent < Self.bytesPerTurn else {
                // The socket takes more, and epoll says so in the next turn.
                connection.isWaitingToSend = true
                break
            }
            let allowed = context.uploadAllowance(of: connection, now: now)
            guard allowed > 0 else { break }
            let bytes = connection.sendResidentBlocks(from: store, limit: allowed, now: now)
            sent += bytes
            context.uploadGate.spend(bytes, by: connection.key)
            if bytes == 0, connection.isOpen, !connection.isWaitingToSend {
                guard connection.blockBytesBeingRead < Self.diskBytesPerPeer else { break }
                readFromDisk(for: connection, store, limit: allowed)
            }
        }
        if sent > 0 { swarm?.blockSent(connection.key, bytes: sent, now: now) }
    }

    private func readFromDisk(
        for connection: PeerConnection, _ store: PieceStore, limit: Int
    ) {
        let run = connection.uploads.nextRun(limit: min(Self.diskRunLength, limit))
        let bytes = run.reduce(0) { $0 + Int($1.length) }
        connection.blockBytesBeingRead += bytes
        // Now, for many peers' blocks are being read at a time.
        context.uploadGate.spend(bytes, by: connection.key)
        let (id, mailbox, peer) = (self.id, context.mailbox, connection.key)
        store.readBlocks(run) { mailbox.post(.blocksRead(id, peer, run, $0)) }
    }

    /// Blocks are in memory, or are not there any more.
    func blocksRead(
        _ blocks: [UploadBlock?], requests: [BlockRequest], for peer: PeerKey, now: Timestamp
    ) {
        guard let connection = connections[peer] else { return }
        var sent = 0
        var unsent = 0
        for (request, block) in zip(requests, blocks) {
            connection.blockBytesBeingRead -= Int(request.length)
            if let block, connection.send(block, for: request) {
                sent += Int(request.length)
            } else {
                if block == nil { connection.machine.reject(request) }
                unsent += Int(request.length)
            }
        }
        connection.scheduleFlush()
        context.uploadGate.spend(-unsent, by: peer)
        if sent > 0 { swarm?.blockSent(peer, bytes: sent, now: now) }
    }
}
