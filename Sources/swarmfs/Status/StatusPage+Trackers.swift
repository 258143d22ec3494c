import ControlAPI

extension StatusPage {
    /// Trackers that are shown of a torrent: some torrents name a hundred.
    private static let trackerLimit = 5

    static func trackers(_ torrent: TorrentStatus) -> String {
        // Those that answer come first.
        let all = torrent.trackers ?? []
        let ordered = all.filter { $0.lastError == nil } + all.filter { $0.lastError != nil }
        var lines = ordered.prefix(trackerLimit).map { tracker in
            let counts = [
                tracker.seeds.map { "\($0) seed\($0 == 1 ? "" : "s")" },
                tracker.leechers.map { "\($0) leecher\($0 == 1 ? "" : "s")" },
                tracker.completed.map { "\($0) completed" },
                tracker.lastError,
            ].compactMap { $0 }
            let facts = counts.isEmpty ? "answers" : counts.joined(separator: ", ")
            return Failure.printable("  tracker \(tracker.url)  \(facts)")
        }
        if all.count > trackerLimit { lines.append("  \(all.count - trackerLimit) more trackers") }
        return lines.map { $0 + "\n" }.joined()
    }
}
