import Swarm
import TorrentCore

/// While somebody waits and nobody sends, peers are called back, and those that failed are soon tried
/// again.
extension Torrent {
    /// Peers are not called back more often, so that many reads cost one look at the list.
    private static let hurryInterval = Interval.milliseconds(100)
    /// How often is looked whether what somebody waits for comes: as soon as a peer that failed may
    /// be tried again.
    private static let hurryRepeat = PeerList.impatientBackOff
    /// Of the pieces that reads wait for, so many are looked at; the oldest are those in trouble.
    private static let hurryPieces = 8

    /// A read waits for these pieces. Seeds close connections that have been idle for a minute: where
    /// nobody sends the pieces, they are called back at once.
    func hurryIfIdle(for pieces: Range<PieceIndex>, now: Timestamp) {
        if now < nextHurry {
            hurryDeadline = nextHurry
        } else if isIdle(for: pieces) {
            hurry(now: now)
        }
        awaitHurry(now: now)
    }

    /// Looks again, as long as somebody waits.
    func hurryAgain(now: Timestamp) {
        guard let hurryDeadline, now >= hurryDeadline else { return }
        self.hurryDeadline = nil
        guard let swarm else {
            guard metadataDownload != nil else { return }
            hurryIfAlone(now: now)
            return awaitHurry(now: now)
        }
        let waited = swarm.waitedPieces.prefix(Self.hurryPieces)
        guard !waited.isEmpty else { return }
        if waited.contains(where: { isIdle(for: $0..<$0.advanced(by: 1)) }) { hurry(now: now) }
        awaitHurry(now: now)
    }

    /// A dial has failed or a connection is gone, perhaps in the middle of a read.
    func hurryIfAlone(now: Timestamp) {
        guard metadataDownload != nil || swarm?.waitedPieces.isEmpty == false,
            !connections.values.contains(where: \.isAccepted)
        else { return }
        hurry(now: now)
    }

    /// Somebody waits from now on.
    func awaitHurry(now: Timestamp) {
        if hurryDeadline == nil { hurryDeadline = now + Self.hurryRepeat }
    }

    private func hurry(now: Timestamp) {
        nextHurry = now + Self.hurryInterval
        peerList.hurry(now: now)
        hurryDHT(now: now)
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
