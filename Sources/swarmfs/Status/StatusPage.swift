import ControlAPI

/// Renders `swarmfs status` for people: one head line a mount, one aligned line a torrent.
enum StatusPage {
    private static let columns = [
        "SIZE", "CACHED", "PEERS", "DOWN", "UP", "READS", "STATE", "NAME",
    ]
    /// Numbers stand to the right, words to the left.
    private static let leftColumns: Set<Int> = [6, 7]

    static func text(_ mounts: [ListedMount]) -> String {
        mounts.map(text).joined(separator: "\n")
    }

    private static func text(_ mount: ListedMount) -> String {
        switch mount {
        case .silent(let mountpoint, let pid, let reason):
            return Failure.printable("\(mountpoint)  pid \(pid), no status: \(reason)") + "\n"
        case .answering(let status):
            var facts = ["pid \(status.pid)"]
            facts.append(status.listenPort == 0 ? "no port open" : "port \(status.listenPort)")
            facts.append("up \(TimeSpan.describe(seconds: status.uptime))")
            if let passthrough = status.passthrough { facts.append(reading(passthrough)) }
            if let dht = status.dht { facts.append(Self.nodes(dht)) }
            let head = Failure.printable(status.mountpoint) + "  " + facts.joined(separator: ", ")
            var table = TextTable(columns, left: leftColumns)
            for torrent in status.torrents { table.add(row(torrent)) }
            return head + "\n" + cache(status.cache) + limits(status.limits) + table.text
                + status.torrents.map { copies($0) + webSeeds($0) + trackers($0) }.joined()
        }
    }

    private static func nodes(_ dht: DHTStatus) -> String {
        let count = dht.nodes + dht.nodesIPv6
        return count == 1 ? "1 DHT node" : "\(count) DHT nodes"
    }

    /// Said where nobody connected has everything, and nor have we.
    private static func copies(_ torrent: TorrentStatus) -> String {
        guard let ago = torrent.completeAgo, ago > 0 else { return "" }
        let time = TimeSpan.describe(seconds: ago)
        return Failure.printable("  \(torrent.name): a complete copy was last seen \(time) ago")
            + "\n"
    }

    private static func webSeeds(_ torrent: TorrentStatus) -> String {
        (torrent.webSeeds ?? []).map { seed in
            var facts = [seed.state, ByteSize.describe(seed.downloaded)]
            if seed.downloadRate > 0 { facts.append(rate(seed.downloadRate)) }
            if let error = seed.lastError {
                facts.append("\(seed.errors) error\(seed.errors == 1 ? "" : "s"), last: \(error)")
            }
            return Failure.printable("  web seed \(seed.url)  \(facts.joined(separator: ", "))")
                + "\n"
        }.joined()
    }

    private static func cache(_ cache: CacheStatus) -> String {
        let limit = cache.sizeLimit.map { " of " + ByteSize.describe($0) } ?? ""
        var facts = ["cache " + ByteSize.describe(cache.usedBytes) + limit]
        let kept =
            cache.keptFreeBytes > 0 ? " (keeps \(ByteSize.describe(cache.keptFreeBytes)))" : ""
        facts.append(ByteSize.describe(cache.freeBytes) + " of the disk free" + kept)
        if cache.isFull { facts.append("full: serving from memory") }
        return "  " + facts.joined(separator: ", ") + "\n"
    }

    /// Nothing where there is no limit.
    private static func limits(_ limits: TransferLimits?) -> String {
        var facts: [String] = []
        if let rate = limits?.maxDownload { facts.append("download \(Self.rate(rate))") }
        if let rate = limits?.maxUpload { facts.append("upload \(Self.rate(rate))") }
        return facts.isEmpty ? "" : "  at most " + facts.joined(separator: ", ") + "\n"
    }

    private static func reading(_ passthrough: String) -> String {
        switch passthrough {
        case "on": "passthrough"
        case "off": "passthrough switched off"
        case "unsupported": "no passthrough in this kernel"
        case "not_permitted": "no passthrough without CAP_SYS_ADMIN"
        default: "passthrough \(passthrough)"
        }
    }

    private static func row(_ torrent: TorrentStatus) -> [String] {
        [
            ByteSize.describe(torrent.size),
            percent(torrent.cachedBytes, of: torrent.size),
            peers(torrent),
            rate(torrent.downloadRate),
            rate(torrent.uploadRate),
            String(torrent.waitingReads),
            torrent.state,
            torrent.name,
        ]
    }

    /// Those that let us download, of all; and how many of all are reached over uTP.
    private static func peers(_ torrent: TorrentStatus) -> String {
        let counts = "\(torrent.peersUnchoked)/\(torrent.peers)"
        return torrent.peersOverUTP == 0 ? counts : counts + " (\(torrent.peersOverUTP) uTP)"
    }

    /// Never `100 %` before the last byte is there.
    static func percent(_ part: Int64, of whole: Int64) -> String {
        guard whole > 0, part < whole else { return "100 %" }
        let tenths = (Double(part) / Double(whole) * 1000).rounded(.down)
        return Decimal.text(min(tenths, 999) / 10, digits: 1) + " %"
    }

    private static func rate(_ bytes: Int) -> String {
        bytes == 0 ? "-" : ByteSize.describe(Int64(bytes)) + "/s"
    }
}
