import RealClients
import Testing

@Suite("A mount reads from real seeders", .realClients)
struct SeederTests {
    @Test(arguments: RealClient.allCases)
    func `many files across piece borders are equal byte by byte`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(client, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let status = try mount.torrent()
            #expect(status.infohash == torrent.infohash)
            #expect(status.piecesCached == torrent.pieceCount)
            #expect(status.downloaded >= data.totalSize)
        }
    }

    @Test(arguments: RealClient.allCases)
    func `a single file with an odd piece length and a short last piece`(
        client: RealClient
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_234_567), name: "модель.bin", seed: 2)
            let torrent = try bed.torrent(of: data, pieceLength: client.oddPieceLength)
            let seeder = try bed.seeder(client, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: RealClient.readingHybrids)
    func `a hybrid torrent downloads as v1`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 3)
            let torrent = try bed.torrent(of: data, version: .hybrid, pieceLength: 32_768)
            let seeder = try bed.seeder(client, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let status = try mount.torrent()
            #expect(status.infohash == torrent.infohash)
            #expect(status.infohashV2 == torrent.infohashV2)
        }
    }

    @Test func `a v2 torrent mounts without a peer and shows its files`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixedWithLinks, seed: 4)
            let torrent = try bed.torrent(of: data, version: .v2, pieceLength: 32_768)
            let mount = try bed.mount([torrent.path])
            for file in data.regularFiles {
                let size = try ChildProcess.output(
                    of: ["stat", "--format=%s", mount.path(of: file, of: data)])
                #expect(size == "\(file.size)\n", "\(file.path)")
            }
            #expect(try mount.torrent().infohashV2 == torrent.infohashV2)
        }
    }

    @Test func `a v2 torrent is verified against its Merkle roots`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 6)
            let torrent = try bed.torrent(of: data, version: .v2, pieceLength: 32_768)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try mount.torrent().piecesCached == torrent.pieceCount)
        }
    }

    @Test func `one read is striped over all clients at once`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(12_000_000), seed: 5)
            let torrent = try bed.torrent(of: data, pieceLength: 262_144)
            let seeders = try RealClient.allCases.map { try bed.seeder($0, torrent, data) }
            let mount = try bed.mount([torrent.path], peers: seeders.map(\.address))
            // Transmission unchokes on a pulse of 10 s.
            try mount.wait(for: "unchoked seeds") {
                $0.seeds == seeders.count && $0.peersUnchoked == seeders.count
            }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `a peer is reached over IPv6`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 6)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true, host: "::1")
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `nothing is fetched that nobody reads`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(16_000_000), seed: 7)
            let torrent = try bed.torrent(of: data, pieceLength: 65_536)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            try mount.wait(for: "the seeder") { $0.peersUnchoked == 1 }
            try ChildProcess.output(of: ["ls", "-lR", mount.mountpoint])
            #expect(try mount.torrent().downloaded == 0)
            let large = mount.path("dataset/large.bin")
            let bytes = try FileComparison.read(large, at: 8_000_000, length: 10)
            let source = try FileComparison.read(
                data.parent + "/dataset/large.bin", at: 8_000_000, length: 10)
            #expect(bytes == source)
            // The kernel's own readahead makes this read one of up to 1 MiB.
            #expect(try mount.torrent().downloaded <= 2_500_000)
        }
    }

    @Test func `a second torrent in the same mount reads from its own seeder`() throws {
        try TestBed.run { bed in
            let first = try bed.dataset(.mixed, name: "first", seed: 8)
            let second = try bed.dataset(.singleFile(700_001), name: "second.bin", seed: 9)
            let torrents = [try bed.torrent(of: first), try bed.torrent(of: second)]
            let seeders = [
                try bed.seeder(.libtorrent, torrents[0], first),
                try bed.seeder(.aria2, torrents[1], second),
            ]
            let mount = try bed.mount(torrents.map(\.path), peers: seeders.map(\.address))
            #expect(FileComparison.differences(first, in: mount.mountpoint) == [])
            #expect(FileComparison.differences(second, in: mount.mountpoint) == [])
            #expect(try mount.report().torrents.map(\.name).sorted() == ["first", "second.bin"])
        }
    }
}
