import ControlAPI
import ControlTesting
import Foundation
import Reactor
import Testing
import TorrentCore

@Suite("swarmfs status and unmount", .timeLimit(.minutes(10)))
struct StatusTests {
    private let surroundings: Surroundings

    init() throws { surroundings = try Surroundings() }

    private var status: MountStatus {
        MountStatus(
            mountpoint: surroundings.path + "/empty", pid: 4242, listenPort: 6881, uptime: 7500,
            version: "0.1.0",
            cache: CacheStatus(
                directory: "/cache", usedBytes: 3 << 30, sizeLimit: 10 << 30, freeBytes: 40 << 30,
                keptFreeBytes: 5 << 30, isFull: false),
            torrents: [
                torrent("imagenet", size: 1_200_000_000_000, cached: 1_199_999_999_999, rate: 0),
                torrent("a\u{1b}[2J b", size: 16_384, cached: 8192, rate: 13_002_342),
                torrent("empty", size: 0, cached: 0, rate: 900),
            ])
    }

    private func torrent(
        _ name: String, size: Int64, cached: Int64, rate: Int
    ) -> TorrentStatus {
        TorrentStatus(
            infohash: String(repeating: "0", count: 40), infohashV2: nil, name: name, size: size,
            cachedBytes: cached, pieceLength: 16_384, pieces: 1, piecesCached: 0, peers: 12,
            peersUnchoked: 5, peersOverUTP: rate > 1_000_000 ? 2 : 0, seeds: 7, downloadRate: rate,
            uploadRate: 0,
            downloaded: 0,
            uploaded: 0, waitingReads: 3, state: rate > 0 ? "downloading" : "idle")
    }

    private func serve(_ answer: MountStatus? = nil) throws -> (FakeMount, ControlServer) {
        let mount = FakeMount(answer ?? status)
        let server = try ControlServer(
            directory: surroundings.runtime, mountpoint: status.mountpoint, control: mount)
        return (mount, server)
    }

    /// What `status` and `status --json` print of a mount.
    private func reports(
        of answer: MountStatus
    ) async throws -> (text: String, json: StatusReport) {
        let (_, server) = try serve(answer)
        defer { server.stop() }
        let text = try await CommandRun(["status"], in: surroundings)
        let json = try await CommandRun(["status", "--json"], in: surroundings)
        return (text.output, try Self.report(of: json))
    }

    private static func report(of run: CommandRun) throws -> StatusReport {
        try JSONDecoder().decode(StatusReport.self, from: Data(run.output.utf8))
    }

    @Test(arguments: [
        (["--max-upload", "2MiB"], LimitChange(maxDownload: nil, maxUpload: 2 << 20)),
        (
            ["--max-download", "500KiB/s", "--max-upload", "none"],
            LimitChange(maxDownload: 500 << 10, maxUpload: 0)
        ),
    ])
    func `limit passes on what was named`(options: [String], change: LimitChange) async throws {
        let (mount, server) = try serve()
        defer { server.stop() }
        let run = try await CommandRun(["limit", status.mountpoint] + options, in: surroundings)
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(mount.limitChanges.update { $0 } == [change])
    }

    @Test func `people get an aligned table`() async throws {
        let (_, server) = try serve()
        defer { server.stop() }
        let run = try await CommandRun(["status"], in: surroundings)
        #expect(run.status == 0)
        #expect(
            run.output == """
                \(status.mountpoint)  pid 4242, port 6881, up 2h05m
                  cache 3.00 GiB of 10.0 GiB, 40.0 GiB of the disk free (keeps 5.00 GiB)
                      SIZE  CACHED         PEERS        DOWN  UP  READS  STATE        NAME
                  1.09 TiB  99.9 %          5/12           -   -      3  idle         imagenet
                  16.0 KiB  50.0 %  5/12 (2 uTP)  12.4 MiB/s   -      3  downloading  a?[2J b
                       0 B   100 %          5/12     900 B/s   -      3  downloading  empty

                """)
    }

    @Test(arguments: [
        ("on", "passthrough"), ("off", "passthrough switched off"),
        ("unsupported", "no passthrough in this kernel"),
        ("not_permitted", "no passthrough without CAP_SYS_ADMIN"),
    ])
    func `it tells how complete files are read`(state: String, words: String) async throws {
        var status = status
        status.passthrough = state
        let (text, json) = try await reports(of: status)
        let head = try #require(text.split(separator: "\n").first)
        #expect(head.hasSuffix(", up 2h05m, \(words)"))
        #expect(json.mounts.map(\.passthrough) == [state])
    }

    @Test func `it tells how many nodes of the DHT are known`() async throws {
        var status = status
        status.dht = DHTStatus(
            nodes: 160, nodesIPv6: 40, goodNodes: 120, storedTorrents: 3, storedPeers: 9,
            lookups: 1, isServing: true)
        let (text, json) = try await reports(of: status)
        let head = try #require(text.split(separator: "\n").first)
        #expect(head.hasSuffix(", up 2h05m, 200 DHT nodes"))
        #expect(json.mounts.map(\.dht) == [status.dht])
    }

    @Test func `it tells what trackers know, a few of them, and when all was there last`()
        async throws
    {
        var status = status
        status.torrents = [status.torrents[0]]
        status.torrents[0].completeAgo = 7500
        let dead = (1...5).map {
            TrackerStatus(
                url: "http://t\($0)/announce", seeds: nil, leechers: nil, completed: nil,
                lastError: "timed out")
        }
        status.torrents[0].trackers =
            dead + [
                TrackerStatus(
                    url: "udp://t:1", seeds: 1, leechers: 2, completed: 30, lastError: nil),
                TrackerStatus(
                    url: "udp://u:1", seeds: nil, leechers: nil, completed: nil, lastError: nil),
            ]
        let (text, json) = try await reports(of: status)
        #expect(
            text.hasSuffix(
                """
                  imagenet: a complete copy was last seen 2h05m ago
                  tracker udp://t:1  1 seed, 2 leechers, 30 completed
                  tracker udp://u:1  answers
                  tracker http://t1/announce  timed out
                  tracker http://t2/announce  timed out
                  tracker http://t3/announce  timed out
                  2 more trackers

                """))
        #expect(json.mounts.first?.torrents.first?.trackers == status.torrents[0].trackers)
    }

    @Test func `programs get JSON`() async throws {
        let (_, server) = try serve()
        defer { server.stop() }
        for arguments in [["status", "--json"], ["status", "empty", "--json"]] {
            let run = try await CommandRun(arguments, in: surroundings)
            #expect(run.status == 0)
            #expect(try Self.report(of: run) == StatusReport(mounts: [status]))
        }
    }

    @Test func `without mounts both forms say so`() async throws {
        let text = try await CommandRun(["status"], in: surroundings)
        #expect(text.output == "Nothing is mounted.\n")
        #expect(text.status == 0)
        let json = try await CommandRun(["status", "--json"], in: surroundings)
        #expect(try Self.report(of: json).mounts.isEmpty)
    }

    @Test(arguments: ["status", "unmount"])
    func `a directory that is no mount is exit code 1`(command: String) async throws {
        let run = try await CommandRun([command, "empty"], in: surroundings)
        #expect(run.status == 1)
        #expect(
            run.failure?.hasSuffix(
                "\(surroundings.path)/empty: run `swarmfs status` to see this user's mounts")
                == true)
    }

    @Test func `unmount returns when the process is gone`() async throws {
        var (mount, server): (FakeMount, ControlServer?) = try serve()
        async let run = CommandRun(["unmount", "empty/"], in: surroundings)
        let requests = mount.unmountRequests
        let isAsked = await Task.detached {
            requests.wait(until: .now() + .seconds(120)) { $0 > 0 ? true : nil }
        }.value
        #expect(isAsked == true)
        server?.stop()
        server = nil
        let end = try await run
        #expect(end.status == 0)
        #expect(end.output == "\(status.mountpoint) is unmounted\n")
    }
}
