import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// The session's rate limits, as one torrent meets them.
extension Torrent {
    /// Counts what has come, and tells the swarm machine what may be asked for in this turn.
    func allowDownload(now: Timestamp) {
        guard context.downloadLimiter.rate != nil else { return endDownloadLimit() }
        guard let counts = swarm?.counts else { return }
        if !isDownloadLimited {
            isDownloadLimited = true
            countedDownload = counts.downloaded
        }
        context.downloadLimiter.spend(Int(counts.downloaded - countedDownload))
        countedDownload = counts.downloaded
        countOutstanding()
        let available = context.downloadLimiter.available(
            outstanding: context.outstandingDownload, now: now)
        swarm?.allowDownload(available, reserve: Int(context.downloadLimiter.capacity / 2))
    }

    /// After this turn's requests: when more may be asked for, where the limit holds some back.
    func awaitAllowance(madeRequests: Bool, now: Timestamp) {
        guard isDownloadLimited else { return }
        countOutstanding()
        if madeRequests { lastGrant = context.nextGrant() }
        allowanceDeadline = swarm?.heldBackAbove.flatMap { floor in
            context.downloadLimiter.nextAvailable(
                above: floor, outstanding: context.outstandingDownload, now: now)
        }
    }

    /// There is no limit any more, or the torrent ends.
    func endDownloadLimit() {
        guard isDownloadLimited else { return }
        isDownloadLimited = false
        allowanceDeadline = nil
        context.outstandingDownload -= countedOutstanding
        countedOutstanding = 0
        swarm?.allowDownload(.max, reserve: 0)
    }

    private func countOutstanding() {
        let outstanding = swarm?.outstandingBytes ?? 0
        context.outstandingDownload += outstanding - countedOutstanding
        countedOutstanding = outstanding
    }
}
