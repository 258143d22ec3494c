import RealClients
import Testing

@Suite("v2 and hybrid torrents with libtorrent (BEP 52)", .realClients)
struct VersionTwoTests {
    private static let versions: [TorrentFile.Version] = [.v2, .hybrid]

    /// With nothing but the magnet link, libtorrent has to ask for the piece layers.
    @Test(arguments: versions)
    func `libtorrent gets the piece layers of a magnet from swarmfs seed`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(5_000_000), seed: 21)
            let torrent = try bed.torrent(of: data, version: version)
            let seed = try bed.seed(torrent, data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.magnet(), folder: folder, isSeed: false, peers: [seed.address])
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
            #expect(try leecher.hashFailures() == 0)
        }
    }

    /// The piece layers come from libtorrent, and are in the cache then.
    @Test func `a v2 magnet mounts from libtorrent, and again without a peer`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(5_000_000), seed: 22)
            let torrent = try bed.torrent(of: data, version: .v2)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let first = try bed.mount([torrent.magnet()], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: first.mountpoint) == [])
            try first.end()
            seeder.end()
            let second = try bed.mount([torrent.magnet()])
            #expect(FileComparison.differences(data, in: second.mountpoint) == [])
            #expect(try second.torrent().downloaded == 0)
        }
    }

    /// The pieces are of 1 MiB; a read of 4 KiB takes one block of 16 KiB, or two.
    @Test(arguments: versions)
    func `small reads from libtorrent move blocks, not pieces`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(20_000_000), seed: 23)
            let torrent = try bed.torrent(of: data, version: version, pieceLength: 1 << 20)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            let path = mount.path("dataset/large.bin")
            for place in [7, 3, 12, 17] {
                let offset = place << 20 | 300_000
                let bytes = try FileComparison.read(path, at: offset, length: 4096)
                let original = try FileComparison.read(
                    data.path + "/large.bin", at: offset, length: 4096)
                #expect(bytes == original)
            }
            // The kernel may have read ahead a little.
            #expect(try mount.torrent().downloaded <= 4 * 160 * 1024)
            // And all of it is right, with the blocks that came before.
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `small reads from swarmfs seed move blocks, not pieces`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(20_000_000), seed: 24)
            let torrent = try bed.torrent(of: data, version: .hybrid, pieceLength: 1 << 20)
            let seed = try bed.seed(torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seed.address])
            for place in [7, 3, 12, 17] {
                _ = try FileComparison.read(
                    mount.path("dataset/large.bin"), at: place << 20 | 300_000, length: 4096)
            }
            #expect(try mount.torrent().downloaded <= 4 * 160 * 1024)
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }
}
