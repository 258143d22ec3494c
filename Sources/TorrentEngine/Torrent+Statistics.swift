import Metainfo
import PieceStorage
import Swarm
import TorrentCore
import TrackerProtocol

extension Torrent {
    /// The figures of this moment; nil while there is no metadata, and at the end.
    func statistics(now: Timestamp) -> TorrentStatistics? {
        guard let metainfo, let store, let figures = swarm?.statistics(now: now), !isStopping
        else { return nil }
        let info = metainfo.info
        return TorrentStatistics(
            identity: info.identity, name: info.displayName, size: info.layout.payloadLength,
            cachedBytes: store.cachedBytes + store.doubtfulBytes, pieceLength: info.pieceLength,
            pieces: info.geometry.pieceCount,
            piecesCached: store.cachedPieceCount + store.doubtfulPieceCount,
            peers: figures.peers, peersUnchoked: figures.peersUnchoked,
            peersOverUTP: connections.values.count { $0.isAccepted && $0.transport.isUTP },
            seeds: figures.seeds,
            swarm: census.total,
            completeAgo: swarm?.completeCopySeen(now: now).map { Int($0.seconds) },
            trackers: trackerStatistics(),
            downloadRate: figures.downloadRate, uploadRate: figures.uploadRate,
            downloaded: figures.downloaded, uploaded: figures.uploaded,
            webSeeds: webSeedStatistics(now: now), waitingReads: store.waitingReadCount,
            state: context.configuration.isOffline
                ? "offline"
                : store.isCutOff
                    ? "disconnected"
                    : isComplete
                        ? "seeding"
                        : store.waitingReadCount > 0 || figures.downloadRate > 0
                            ? "downloading" : "idle")
    }
}
