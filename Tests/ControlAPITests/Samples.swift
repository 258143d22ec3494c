import ControlAPI

extension TorrentStatus {
    static func sample(infohashV2: String? = nil) -> TorrentStatus {
        TorrentStatus(
            infohash: "0123456789abcdef0123456789abcdef01234567", infohashV2: infohashV2,
            name: "naïve \"data\"\n/set", size: 5_000_000_000, cachedBytes: 1_234_567,
            pieceLength: 4_194_304, pieces: 1193, piecesCached: 1, peers: 12, peersUnchoked: 5,
            peersOverUTP: 2,
            seeds: 7, downloadRate: 13_000_000, uploadRate: 0, downloaded: 1_300_000, uploaded: 42,
            waitingReads: 3, state: "downloading")
    }
}

extension MountStatus {
    static func sample(_ mountpoint: String = "/mnt/data") -> MountStatus {
        MountStatus(
            mountpoint: mountpoint, pid: 4242, listenPort: 6881, uptime: 7500, version: "0.1.0",
            cache: CacheStatus(
                directory: "/var/cache/swarmfs", usedBytes: 3 << 30, sizeLimit: 10 << 30,
                freeBytes: 40 << 30, keptFreeBytes: 5 << 30, isFull: false),
            limits: TransferLimits(
                maxDownload: nil, maxUpload: 2_000_000, maxConnections: 200),
            torrents: [
                .sample(), .sample(infohashV2: String(repeating: "ab", count: 32)),
            ])
    }
}
