import ControlAPI
import DHTProtocol
import FUSEBridge
import Glibc
import PieceStorage
import Reactor
import Swarm
import TorrentCore
import TorrentEngine
import TrackerProtocol

/// What the control socket sees of a mount.
final class MountControl: SessionControl {
    /// The engine answers in well under a millisecond; a client waits 5 s.
    private static let patience = Interval.seconds(2)

    private let session: Session
    private let tasks: MountTasks
    private let mountpoint: String
    private let cacheDirectory: String
    private let start = Timestamp.now()
    private let onUnmount: @Sendable () -> Void
    private let passthrough = Locked<PassthroughState?>(nil)

    /// `onUnmount` must return at once.
    init(
        session: Session, tasks: MountTasks, mountpoint: String, cacheDirectory: String,
        onUnmount: @escaping @Sendable () -> Void
    ) {
        self.session = session
        self.tasks = tasks
        self.mountpoint = mountpoint
        self.cacheDirectory = cacheDirectory
        self.onUnmount = onUnmount
    }

    /// Takes note of how the mount answers, once that is known.
    func mounted(_ state: PassthroughState) { passthrough.withLock { $0 = state } }

    func requestUnmount() { onUnmount() }

    func limit(_ change: LimitChange) {
        let session = session
        _ = Blocking.wait(atMost: Self.patience) {
            await session.changeLimits { limits in
                if let rate = change.maxDownload { limits.download = rate == 0 ? nil : rate }
                if let rate = change.maxUpload { limits.upload = rate == 0 ? nil : rate }
            }
        }
    }

    func start(_ task: ControlTask) throws(ControlError) -> TaskStatus { try tasks.start(task) }
    func progress(of task: Int) -> TaskStatus? { tasks.progress(of: task) }
    func cancel(_ task: Int) -> TaskStatus? { tasks.cancel(task) }

    func status() -> MountStatus {
        let session = session
        let (statistics, limits) =
            Blocking.wait(atMost: Self.patience) {
                (await session.statistics(), await session.limits)
            } ?? ([], RateLimits())
        return MountStatus(
            mountpoint: mountpoint, pid: getpid(), listenPort: session.listenPort,
            uptime: Int((Timestamp.now() - start).seconds), version: Version.current,
            cache: cacheStatus,
            passthrough: passthrough.withLock { $0?.rawValue }, dht: dhtStatus,
            limits: TransferLimits(
                maxDownload: limits.download, maxUpload: limits.upload,
                maxConnections: session.connectionLimit),
            torrents: statistics.map(Self.status))
    }

    private var cacheStatus: CacheStatus {
        let usage = session.cacheUsage ?? CacheUsage()
        return CacheStatus(
            directory: cacheDirectory, usedBytes: usage.usedBytes, sizeLimit: usage.sizeLimit,
            freeBytes: usage.freeBytes, keptFreeBytes: usage.keptFreeBytes, isFull: usage.isFull)
    }

    private var dhtStatus: DHTStatus? {
        let session = session
        let node = Blocking.wait(atMost: Self.patience) { await session.dhtStatistics() } ?? nil
        return node.map {
            DHTStatus(
                nodes: $0.nodes[.v4] ?? 0, nodesIPv6: $0.nodes[.v6] ?? 0,
                goodNodes: $0.goodNodes.values.reduce(0, +), storedTorrents: $0.torrents,
                storedPeers: $0.peers, lookups: $0.lookups, isServing: $0.isServing)
        }
    }

    private static func status(_ torrent: TorrentStatistics) -> TorrentStatus {
        TorrentStatus(
            infohash: torrent.identity.description, infohashV2: torrent.identity.v2?.description,
            name: torrent.name, size: torrent.size, cachedBytes: torrent.cachedBytes,
            pieceLength: torrent.pieceLength, pieces: torrent.pieces,
            piecesCached: torrent.piecesCached, peers: torrent.peers,
            peersUnchoked: torrent.peersUnchoked, peersOverUTP: torrent.peersOverUTP,
            seeds: torrent.seeds, swarmSeeds: torrent.swarm.seeds,
            swarmLeechers: torrent.swarm.leechers, swarmCompleted: torrent.swarm.completed,
            completeAgo: torrent.completeAgo,
            downloadRate: torrent.downloadRate, uploadRate: torrent.uploadRate,
            downloaded: torrent.downloaded, uploaded: torrent.uploaded,
            waitingReads: torrent.waitingReads, state: torrent.state,
            webSeeds: torrent.webSeeds.map { seed in
                WebSeedStatus(
                    url: seed.url, state: seed.state, downloaded: seed.downloaded,
                    downloadRate: seed.downloadRate, errors: seed.errors, lastError: seed.lastError)
            },
            trackers: torrent.trackers.map { tracker in
                TrackerStatus(
                    url: tracker.url, seeds: tracker.counts.seeds,
                    leechers: tracker.counts.leechers, completed: tracker.counts.completed,
                    lastError: tracker.lastError)
            })
    }
}
