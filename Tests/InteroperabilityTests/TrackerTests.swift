import RealClients
import Testing

@Suite("Trackers (BEP 3, 7, 12, 15, 27)", .realClients)
struct TrackerTests {
    /// The protocols that opentracker speaks.
    enum Transport: String, CaseIterable, Sendable {
        case http, udp
    }

    @Test(arguments: Transport.allCases)
    func `opentracker names the seeder and sees us come and go`(transport: Transport) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let port = try FreePort.next()
            let url = "\(transport.rawValue)://127.0.0.1:\(port)/announce"
            let torrent = try bed.torrent(of: data, trackers: [url])
            let infohash = try #require(torrent.infohash)
            let tracker = try bed.openTracker([infohash], port: port)
            _ = try bed.seeder(.libtorrent, torrent, data)
            try tracker.wait(for: .init(seeders: 1, leechers: 0), of: infohash)
            let mount = try bed.mount([torrent.path])
            try tracker.wait(for: .init(seeders: 1, leechers: 1), of: infohash)
            // What the announce told, or the scrape after it.
            let torrentStatus = try mount.wait(for: "the tracker's scrape") {
                $0.swarmCompleted != nil
            }
            #expect(torrentStatus.trackers.map(\.url) == [url])
            #expect(torrentStatus.swarmSeeds == 1)
            #expect(torrentStatus.swarmLeechers == 1)
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            try tracker.wait(for: .init(seeders: 2, leechers: 0), of: infohash)
            try mount.end()
            try tracker.wait(for: .init(seeders: 1, leechers: 0), of: infohash)
        }
    }

    @Test func `a dead first tier does not keep the second from answering`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 2)
            let dead = try FreePort.next()
            let plain = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, plain, data)
            let tracker = try bed.recordingTracker(peers: [seeder.address])
            let torrent = try bed.torrent(
                of: data, trackers: ["http://127.0.0.1:\(dead)/announce", tracker.url])
            let mount = try bed.mount([torrent.path])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `started, completed and stopped are announced once, in order`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 3)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let tracker = try bed.recordingTracker()
            let mount = try bed.mount(
                [torrent.path], options: ["--tracker", tracker.url], peers: [seeder.address])
            let started = try tracker.wait { $0.event == "started" }
            #expect(started.fields["info_hash"] == torrent.infohash)
            #expect(started.fields["port"] == String(mount.listenPort))
            #expect(started.fields["compact"] == "1")
            #expect(started.left == data.totalSize)

            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let completed = try tracker.wait { $0.event == "completed" }
            #expect(completed.left == 0)
            try mount.end()
            let events = try tracker.announces().compactMap(\.event).filter { !$0.isEmpty }
            #expect(events == ["started", "completed", "stopped"])
            let stopped = try #require(try tracker.announces().last)
            #expect((stopped.fields["downloaded"].flatMap { Int($0) } ?? 0) >= data.totalSize)
        }
    }

    @Test func `a partial mount says what is left and never completes`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(4_000_000), seed: 4)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let tracker = try bed.recordingTracker()
            let mount = try bed.mount(
                [torrent.path], options: ["--tracker", tracker.url], peers: [seeder.address])
            _ = try FileComparison.read(mount.path("dataset/README.txt"), at: 0, length: 700)
            try mount.end()
            let announces = try tracker.announces()
            #expect(announces.last?.event == "stopped")
            #expect(announces.allSatisfy { $0.event != "completed" && ($0.left ?? 0) > 0 })
        }
    }

    @Test func `a tracker that fails first is asked again`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 5)
            let plain = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, plain, data)
            let tracker = try bed.recordingTracker(peers: [seeder.address], failures: 1)
            let mount = try bed.mount([plain.path], options: ["--tracker", tracker.url])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try tracker.announces().count >= 2)
        }
    }

    @Test func `a private torrent mounts through its tracker`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 6)
            let port = try FreePort.next()
            let url = "http://127.0.0.1:\(port)/announce"
            let torrent = try bed.torrent(of: data, trackers: [url], isPrivate: true)
            let infohash = try #require(torrent.infohash)
            let tracker = try bed.openTracker([infohash], port: port)
            _ = try bed.seeder(.libtorrent, torrent, data)
            try tracker.wait(for: .init(seeders: 1, leechers: 0), of: infohash)
            let mount = try bed.mount([torrent.path])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }
}

@Suite(
    "Trackers with an address of each family (BEP 7)", .realClients,
    .enabled(if: NetworkNamespace.isPermitted, "a network namespace takes root"))
struct DualStackTrackerTests {
    /// Nobody else tells anybody of the others.
    @Test(arguments: ["http", "udp"])
    func `a seed tells it over both, and calls the peers of both`(scheme: String) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let addresses = [NetworkNamespace.address(5), "::1"]
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 7)
            let torrent = try bed.torrent(of: data)
            let leechers = try [NetworkNamespace.address(3), "::1"].map {
                try bed.leecher(
                    .libtorrent, source: torrent.path, PeerOptions().at($0, in: network))
            }
            let tracker = try bed.recordingTracker(
                peers: leechers.map(\.peer.address), at: addresses, in: network)
            let url = "\(scheme)://tracker.example:\(tracker.port)/announce"
            _ = try bed.seed(
                torrent, data,
                options: ["--no-dht", "--no-lsd", "--no-port-mapping", "--tracker", url],
                // At every address.
                with: bed.swarmfs.at("", in: network).knowing("tracker.example", as: addresses))
            for leecher in leechers {
                try leecher.peer.waitUntilComplete()
                #expect(FileComparison.differences(data, in: leecher.folder) == [])
            }
            let announces = try tracker.announces()
            #expect(Set(announces.map { $0.from.contains(":") }) == [true, false])
            #expect(Set(announces.map { $0.fields["key"] }).count == 1)
        }
    }
}
