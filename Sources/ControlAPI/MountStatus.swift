/// What one mount's process says of itself; the keys are stable and snake_case.
package struct MountStatus: Codable, Equatable, Sendable {
    /// The canonical path of the mountpoint.
    package var mountpoint: String
    /// The process that serves it.
    package var pid: Int32
    /// The TCP port that peers reach us at; 0 where none is open.
    package var listenPort: UInt16
    /// Seconds since the mount was ready.
    package var uptime: Int
    /// The version of swarmfs that runs.
    package var version: String
    /// Where verified pieces are kept.
    package var cache: CacheStatus
    /// How reads of complete files are answered: `on` by the kernel itself (passthrough); by the
    /// mount's process where it is `off` by option, `unsupported` by the kernel or `not_permitted`.
    /// Nil from versions that do not tell, and before the mount is ready.
    package var passthrough: String?
    /// The node of the DHT; nil where the mount takes no part in it.
    package var dht: DHTStatus?
    /// How fast the mount may be; nil from versions that do not tell.
    package var limits: TransferLimits?
    /// The mounted torrents, in the order of the command line.
    package var torrents: [TorrentStatus]

    /// A status.
    package init(
        mountpoint: String, pid: Int32, listenPort: UInt16, uptime: Int, version: String,
        cache: CacheStatus, passthrough: String? = nil, dht: DHTStatus? = nil,
        limits: TransferLimits? = nil,
        torrents: [TorrentStatus]
    ) {
        self.mountpoint = mountpoint
        self.pid = pid
        self.listenPort = listenPort
        self.uptime = uptime
        self.version = version
        self.cache = cache
        self.passthrough = passthrough
        self.dht = dht
        self.limits = limits
        self.torrents = torrents
    }

    private enum CodingKeys: String, CodingKey {
        case mountpoint, pid, uptime, version, cache, passthrough, dht, limits, torrents
        case listenPort = "listen_port"
    }

    /// Encodes every key, what there is not as null: scripts can rely on each key being there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mountpoint, forKey: .mountpoint)
        try container.encode(pid, forKey: .pid)
        try container.encode(listenPort, forKey: .listenPort)
        try container.encode(uptime, forKey: .uptime)
        try container.encode(version, forKey: .version)
        try container.encode(cache, forKey: .cache)
        try container.encode(passthrough, forKey: .passthrough)
        try container.encode(dht, forKey: .dht)
        try container.encode(limits, forKey: .limits)
        try container.encode(torrents, forKey: .torrents)
    }
}
