import Swarm
import TorrentCore

/// While somebody waits and nobody sends, peers are called back, and those that failed are soon tried
/// again.
extension Torrent {
    /// Of the pieces that reads wait for, so many are looked at; the oldest are those in trouble.
    private static let hurryPieces = 8

    /// A read waits for these pieces. Seeds close connections that have been idle for a minute: where
    /// nobody sends the pieces, they are called back at once.
    func hurryIfIdle(for pieces: Range<PieceIndex>, now: Timestamp) {
        if haste.isAllowed(now: now), isIdle(for: pieces) { hurry(now: now) }
        haste.wait(now: now)
    }

    /// Looks again, as long as somebody waits.
    func hurryAgain(now: Timestamp) {
        guard haste.isDue(now: now) else { return }
        guard let swarm else {
            guard metadataDownload != nil else { return }
            hurryIfAlone(now: now)
            return haste.wait(now: now)
        }
        let waited = swarm.waitedPieces.prefix(Self.hurryPieces)
        guard !waited.isEmpty else { return }
        if waited.contains(where: { isIdle(for: $0..<$0.advanced(by: 1)) }) { hurry(now: now) }
        haste.wait(now: now)
    }

    /// A dial has failed or a connection is gone, perhaps in the middle of a read.
    func hurryIfAlone(now: Timestamp) {
        guard metadataDownload != nil || swarm?.waitedPieces.isEmpty == false,
            !connections.values.contains(where: \.isAccepted), haste.isAllowed(now: now)
        else { return }
        hurry(now: now)
    }

    private func hurry(now: Timestamp) {
        haste.began(now: now)
        peerList.hurry(now: now)
        hurryDHT(now: now)
        announces.requestPeers(now: now)
        isDialDue = true
    }

    /// Whether nobody sends any of the pieces.
    private func isIdle(for pieces: Range<PieceIndex>) -> Bool {
        switch swarm?.waitReason(for: pieces) {
        case .noPeers, .webSeedsFailed, .noPeerHas, .allChoked, .allStalled: true
        case nil, .some(.none), .webSeed, .noBuffer, .verifying, .slow: false
        }
    }
}
