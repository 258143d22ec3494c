import ControlAPI
import ControlTesting
import Foundation
import Reactor
import Testing

@Suite("What the README says of the command", .timeLimit(.minutes(10)))
struct ReadmeTests {
    private let surroundings: Surroundings
    private let readme: String

    init() throws {
        surroundings = try Surroundings()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    }

    /// What is below a title, up to the next one.
    private func section(_ title: String) throws -> Substring {
        let start = try #require(readme.range(of: "\n\(title)\n")).upperBound
        let end = readme.range(of: "\n#", range: start..<readme.endIndex)?.lowerBound
        return readme[start..<(end ?? readme.endIndex)]
    }

    private func words(_ text: some StringProtocol, _ pattern: String) throws -> Set<String> {
        let expression = try Regex(pattern)
        return Set(String(text).matches(of: expression).map { String(String(text)[$0.range]) })
    }

    @Test(arguments: ["mount", "create", "seed"])
    func `its options are those of the help page`(command: String) async throws {
        let table = try section("### Options of `\(command)`")
        let rows = table.split(separator: "\n").compactMap { row in
            row.hasPrefix("| `") ? row.split(separator: "|", maxSplits: 1)[0] : nil
        }
        let told = try words(rows.joined(separator: " ").replacing("\\", with: ""), "--[a-z-]+")
        let page = try await CommandRun([command, "--help"], in: surroundings).output
        let entries = page.split(separator: "\n").filter { $0.hasPrefix("  -") }
            .map { $0.prefix { $0 != "|" } }
        let known = try entries.reduce(into: Set<String>()) { known, entry in
            known.formUnion(try words(entry.prefix(26), "--[a-z-]+").prefix(1))
        }
        // `seed` takes the last one only because `mount` does.
        #expect(
            told
                == known.subtracting(["--help", "--version"]).subtracting(
                    command == "seed" ? ["--foreground"] : []))
    }

    @Test func `the keys of the status are those that it and the help page name`() async throws {
        let page = try await CommandRun(["status", "--help"], in: surroundings).output
        let block = try #require(
            section("### `status --json`").split(separator: "```").dropFirst().first)
        let told = try words(block, "[a-z0-9_]+")
        let keys = Self.keys(
            of: try JSONSerialization.jsonObject(
                with: Data(StatusReport(mounts: [.whole]).json.utf8)))
        #expect(keys.subtracting(told).isEmpty)
        #expect(keys.subtracting(try words(page, "[a-z0-9_]+")).isEmpty)
        // Values that it explains.
        let values: Set = [
            "on", "off", "unsupported", "not_permitted", "idle", "active", "paused", "disabled",
        ]
        #expect(told.subtracting(keys) == values)
    }

    private static func keys(of value: Any) -> Set<String> {
        if let list = value as? [Any] {
            return list.reduce(into: []) { $0.formUnion(keys(of: $1)) }
        }
        guard let object = value as? [String: Any] else { return [] }
        return object.reduce(into: Set(object.keys)) { $0.formUnion(keys(of: $1.value)) }
    }
}

extension MountStatus {
    /// One with something under every key.
    fileprivate static var whole: MountStatus {
        MountStatus(
            mountpoint: "/mnt", pid: 1, listenPort: 1, uptime: 1, version: "1",
            cache: CacheStatus(
                directory: "/cache", usedBytes: 1, sizeLimit: 1, freeBytes: 1, keptFreeBytes: 1,
                isFull: false),
            passthrough: "on",
            dht: DHTStatus(
                nodes: 1, nodesIPv6: 1, goodNodes: 1, storedTorrents: 1, storedPeers: 1,
                lookups: 1, isServing: true),
            limits: TransferLimits(maxDownload: 1, maxUpload: 1, maxConnections: 1),
            torrents: [
                TorrentStatus(
                    infohash: "", infohashV2: "", name: "", size: 1, cachedBytes: 1, pieceLength: 1,
                    pieces: 1, piecesCached: 1, peers: 1, peersUnchoked: 1, peersOverUTP: 1,
                    seeds: 1, downloadRate: 1, uploadRate: 1, downloaded: 1, uploaded: 1,
                    waitingReads: 1, state: "idle",
                    webSeeds: [
                        WebSeedStatus(
                            url: "", state: "idle", downloaded: 1, downloadRate: 1, errors: 1,
                            lastError: "")
                    ],
                    trackers: [
                        TrackerStatus(url: "", seeds: 1, leechers: 1, completed: 1, lastError: "")
                    ])
            ])
    }
}
