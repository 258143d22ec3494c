import RealClients
import Testing

@Suite("Metadata from real peers (BEP 9)", .realClients)
struct MetadataTests {
    @Test(arguments: RealClient.allCases)
    func `a magnet link with only a peer mounts`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(client, torrent, data)
            let mount = try bed.mount([torrent.magnet()], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: [RealClient.libtorrent, .transmission])
    func `a bare infohash with only a tracker mounts`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 2)
            let port = try FreePort.next()
            let url = "http://127.0.0.1:\(port)/announce"
            let torrent = try bed.torrent(of: data, trackers: [url])
            let infohash = try #require(torrent.infohash)
            let tracker = try bed.openTracker([infohash], port: port)
            let seeder = try bed.seeder(client, torrent, data)
            try tracker.wait(for: .init(seeders: 1, leechers: 0), of: infohash)
            let mount = try bed.mount([infohash], options: ["--tracker", url])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(!seeder.process.hasEnded)
        }
    }

    @Test func `metadata of many pieces arrives whole`() throws {
        try TestBed.run { bed in
            // 20,000 files make an info dictionary of some 1.2 MB: 75 pieces of metadata.
            let data = try bed.dataset(.many(20_000))
            let torrent = try bed.torrent(of: data, pieceLength: 16_384)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.magnet()], peers: [seeder.address])
            let listing = try ChildProcess.output(of: ["find", mount.mountpoint, "-type", "f"])
            #expect(listing.split(separator: "\n").count == 20_000)
        }
    }

    @Test(arguments: RealClient.allCases)
    func `a client gets the metadata from us by magnet`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 3)
            let torrent = try bed.torrent(of: data)
            let leecher = try bed.leecher(client, source: torrent.magnet())
            // Ours dials: no tracker, and Transmission dials no loopback address.
            _ = try bed.seed(
                torrent, data, options: ["--peer", leecher.peer.address.description])
            try leecher.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: leecher.folder, madeBy: client)
            #expect(differences == [])
        }
    }

    @Test func `no metadata before the wait time-out is exit code 4`() throws {
        try TestBed.run { bed in
            let result = try bed.swarmfs.run([
                "mount", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0",
                "--wait-timeout", "1", String(repeating: "0123456789", count: 4),
                try bed.newFolder("mount"),
            ])
            #expect(result.exitCode == 4)
            #expect(bed.swarmfs.processes() == [])
        }
    }
}
