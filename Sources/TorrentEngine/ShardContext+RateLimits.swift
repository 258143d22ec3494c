import Reactor
import Swarm
import TorrentCore

/// The session's rate limits, over all torrents.
extension ShardContext {
    /// The torrents in the order of their turns, where that matters: under a limit, whoever asked
    /// last waits longest.
    var torrentsInTurn: [Torrent]? {
        guard downloadLimiter.rate != nil, torrents.count > 1 else { return nil }
        return torrents.values.sorted { $0.lastGrant < $1.lastGrant }
    }

    /// The limits have changed: what waited for the old ones goes on.
    func applyLimits(now: Timestamp) {
        downloadLimiter.setRate(limits.download, now: now)
        uploadGate.setRate(limits.upload, now: now)
    }

    /// How many bytes a connection may send now; where none, it is flushed again when it may.
    func uploadAllowance(of connection: PeerConnection, now: Timestamp) -> Int {
        let allowed = uploadGate.allowance(of: connection.key, now: now)
        if allowed <= 0 { heldUploads[connection.key] = connection }
        return allowed
    }

    /// Lets those go on whom the upload limit held back and whose turn it is.
    func resumeUploads(now: Timestamp) {
        guard let due = uploadGate.nextDeadline, now >= due else { return }
        for peer in uploadGate.resume(now: now) {
            guard let connection = heldUploads.removeValue(forKey: peer) else { continue }
            connection.scheduleFlush()
        }
    }

    /// A connection has closed.
    func forgetUploads(of peer: PeerKey) {
        guard uploadGate.isLimited || !heldUploads.isEmpty else { return }
        heldUploads[peer] = nil
        uploadGate.remove(peer)
    }
}
