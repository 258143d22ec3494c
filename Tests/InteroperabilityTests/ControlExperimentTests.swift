import RealClients
import Testing

/// Real clients among themselves, without swarmfs. Where one of these fails, so does everything
/// else here, and the fault is in the programs' installation or in how the tests drive them.
@Suite("Control: real clients among themselves", .realClients)
struct ControlExperimentTests {
    @Test(arguments: RealClient.allCases)
    func `libtorrent downloads from each client`(seeding: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let torrent = try bed.torrent(of: data, pieceLength: seeding.oddPieceLength)
            let seeder = try bed.seeder(seeding, torrent, data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [seeder.address])
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
        }
    }

    @Test func `aria2 and Transmission download through opentracker`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let port = try FreePort.next()
            let url = "http://127.0.0.1:\(port)/announce"
            let torrent = try bed.torrent(of: data, trackers: [url])
            let infohash = try #require(torrent.infohash)
            let tracker = try bed.openTracker([infohash], port: port)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            try tracker.wait(for: .init(seeders: 1, leechers: 0), of: infohash)
            let aria = try bed.leecher(.aria2, source: torrent.path)
            try aria.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: aria.folder) == [])
            let transmission = try bed.leecher(.transmission, source: torrent.path)
            let helper = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true,
                peers: [transmission.peer.address])
            try transmission.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: transmission.folder, madeBy: .transmission)
            #expect(differences == [])
            #expect(!helper.process.hasEnded && !seeder.process.hasEnded)
        }
    }

    @Test(arguments: TorrentFile.Version.allCases)
    func `libtorrent downloads every version of the format`(version: TorrentFile.Version) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixedWithLinks)
            let torrent = try bed.torrent(of: data, version: version, pieceLength: 32_768)
            #expect((torrent.infohash != nil) == (version != .v2))
            #expect((torrent.infohashV2 != nil) == (version != .v1))
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [seeder.address])
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
        }
    }

    @Test(arguments: RealClient.allCases)
    func `each client downloads by magnet when it is dialled`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let torrent = try bed.torrent(of: data)
            let leecher = try bed.leecher(client, source: torrent.magnet())
            _ = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true,
                peers: [leecher.peer.address])
            try leecher.peer.waitForProgress()
            try leecher.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: leecher.folder, madeBy: client)
            #expect(differences == [])
        }
    }

    @Test func `a leecher gets the pieces that a partial seed has and no more`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_000_000), name: "one.bin")
            let torrent = try bed.torrent(of: data)
            try ChildProcess.output(of: ["truncate", "--size=500000", data.path])
            let seeder = try LibtorrentPeer(
                source: torrent.path, folder: data.parent, isSeed: false)
            bed.atEnd { seeder.end() }
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: bed.newFolder("download"), isSeed: false,
                peers: [seeder.address])
            let pieces = try leecher.waitForPieces(7)
            #expect(pieces.bitmap == "1111111000000000")
        }
    }

    @Test func `the recording tracker tells events in order`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin")
            let tracker = try bed.recordingTracker(failures: 1)
            let torrent = try bed.torrent(of: data, trackers: [tracker.url])
            let seeder = try bed.seeder(.aria2, torrent, data)
            let announce = try tracker.wait()
            #expect(announce.event == "started")
            #expect(announce.left == 0)
            #expect(announce.fields["info_hash"] == torrent.infohash)
            #expect(announce.fields["port"] == String(seeder.address.port))
        }
    }
}
