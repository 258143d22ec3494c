import Metainfo
import TorrentCore
import TorrentEngine

/// What a mount that is not ready yet waits for, over all its sources.
struct MountProgress {
    private let labels: [String]
    /// Nil: not heard of yet.
    private var states: [TorrentProgress?]

    init(_ sources: [TorrentSource]) {
        labels = sources.map(Self.label)
        states = Array(repeating: nil, count: sources.count)
    }

    /// A source has come to another step.
    mutating func update(_ source: Int, _ state: TorrentProgress) {
        // Progress is reported on several threads: nothing comes after `ready`.
        if states[source] != .ready { states[source] = state }
    }

    /// Whether every source can be read.
    var isReady: Bool { states.allSatisfy { $0 == .ready } }

    /// The first source that is waited for: its label and what it does.
    var waiting: (label: String, text: String)? {
        guard let source = states.firstIndex(where: { $0 != .ready }) else { return nil }
        return (labels[source], states[source].map(Self.text) ?? "opening")
    }

    /// One line.
    var text: String {
        guard let waiting else { return "ready" }
        let done = states.count { $0 == .ready }
        let count = states.count > 1 ? "\(done) of \(states.count) torrents ready, " : ""
        return "\(count)\(waiting.label): \(waiting.text)"
    }

    /// One step in words.
    static func text(_ state: TorrentProgress) -> String {
        switch state {
        case .lookingForPeers(nil): "looking for peers"
        case .lookingForPeers(let nodes?):
            "looking for peers, \(nodes) DHT node\(nodes == 1 ? "" : "s") known"
        case .trackerIsPrivate(let url):
            "looking for peers; \(url) leads into the private network, which only --local-urls allows"
        case .connecting(let peers): "asking \(peers) peer\(peers == 1 ? "" : "s") for metadata"
        case .fetchingMetadata(let received, let total):
            "fetching metadata, "
                + StatusPage.percent(Int64(received), of: Int64(total))
        case .checking(let done, let total):
            "checking data, " + StatusPage.percent(Int64(done), of: Int64(total))
        case .ready: "ready"
        }
    }

    private static func label(_ source: TorrentSource) -> String {
        switch source {
        case .identity(let identity): short(identity)
        case .magnet(let magnet): magnet.displayName ?? short(magnet.identity)
        case .file(let path), .url(let path):
            path.split(separator: "/").last.map(String.init) ?? path
        }
    }

    private static func short(_ identity: TorrentIdentity) -> String {
        String(identity.description.prefix(8))
    }
}
