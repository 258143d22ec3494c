import RealClients
import Testing

@Suite("Real leechers download from swarmfs", .realClients)
struct LeecherTests {
    @Test(arguments: RealClient.allCases)
    func `a client downloads everything from swarmfs seed`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let port = try FreePort.next()
            let url = "http://127.0.0.1:\(port)/announce"
            let torrent = try bed.torrent(
                of: data, pieceLength: client.oddPieceLength, trackers: [url])
            let infohash = try #require(torrent.infohash)
            let tracker = try bed.openTracker([infohash], port: port)
            // First the leecher: the tracker then names it to us, and we dial it.
            let leecher = try bed.leecher(client, source: torrent.path)
            try tracker.wait(for: .init(seeders: 0, leechers: 1), of: infohash)
            _ = try bed.seed(torrent, data)
            try leecher.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: leecher.folder, madeBy: client)
            #expect(differences == [])
        }
    }

    @Test func `a leecher that dials swarmfs seed downloads a hybrid torrent`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(3_000_001), name: "one.bin", seed: 2)
            let torrent = try bed.torrent(of: data, version: .hybrid)
            let seed = try bed.seed(torrent, data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [seed.address])
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
            #expect(try leecher.hashFailures() == 0)
        }
    }

    @Test func `swarmfs seed finds damaged data and does not offer it`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_000_000), name: "one.bin", seed: 3)
            let torrent = try bed.torrent(of: data)
            // Piece 5 of 16 is damaged.
            try ChildProcess.output(of: [
                "dd", "if=/dev/zero", "of=\(data.path)", "bs=1", "seek=330000", "count=100",
                "conv=notrunc", "status=none",
            ])
            let seed = try bed.seed(torrent, data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [seed.address])
            let pieces = try leecher.waitForPieces(15)
            #expect(pieces.bitmap == "1111101111111111")
            #expect(try leecher.hashFailures() == 0)
        }
    }

    @Test func `a leecher gets exactly the pieces that a mount has cached`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(8_000_000), seed: 4)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            let path = mount.path("dataset/large.bin")
            let bytes = try FileComparison.read(path, at: 2_000_000, length: 600_000)
            #expect(bytes.count == 600_000)
            seeder.end()
            // The pieces that were read come from memory; a loaded disk takes them later.
            let cached = try mount.wait(for: "the seeder to be gone, and the disk to be done") {
                $0.peers == 0 && $0.piecesCached >= 10
            }
            #expect(cached.piecesCached < torrent.pieceCount)

            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [mount.address])
            let pieces = try leecher.waitForPieces(cached.piecesCached)
            #expect(pieces.have == cached.piecesCached)
            // README.txt's 700 bytes come first: large.bin's bytes 2,000,000... are pieces 30...39.
            let wanted = pieces.bitmap.dropFirst(30).prefix(10)
            #expect(wanted == "1111111111")
            #expect(try leecher.hashFailures() == 0)
            try mount.wait(for: "the bytes sent") {
                $0.uploaded >= cached.piecesCached * 65_536 - 65_536
            }
        }
    }

    @Test(arguments: [RealClient.transmission, .aria2, .qbittorrent])
    func `a client downloads from a mount while it fills`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(6_000_000), seed: 5)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let leecher = try bed.leecher(client, source: torrent.path)
            let mount = try bed.mount(
                [torrent.path], peers: [seeder.address, leecher.peer.address])
            let path = mount.path("dataset/large.bin")
            _ = try FileComparison.read(path, at: 1_000_000, length: 1_000_000)
            try leecher.peer.waitForProgress()
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            try leecher.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: leecher.folder, madeBy: client)
            #expect(differences == [])
        }
    }

    @Test func `without uploads a leecher gets nothing`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(500_000), name: "one.bin", seed: 6)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount(
                [torrent.path], options: ["--no-upload"], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            seeder.end()
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [mount.address])
            try mount.wait(for: "the leecher") { $0.peers == 1 }
            // A second read is a round trip later than anything sent for the first.
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try mount.torrent().uploaded == 0)
            #expect(try leecher.pieces()?.have == 0)
        }
    }
}
