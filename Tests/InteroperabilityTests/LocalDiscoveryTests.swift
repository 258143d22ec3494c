import RealClients
import Testing

@Suite("Local service discovery with libtorrent (BEP 14)", .realClients)
struct LocalDiscoveryTests {
    @Test func `a mount finds a libtorrent seed on the same network`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 13)
            let torrent = try bed.torrent(of: data)
            _ = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true, findsLocally: true)
            let mount = try bed.mount([torrent.path], options: ["--lsd-interface", "lo"])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `libtorrent finds a seed of ours on the same network`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 14)
            let torrent = try bed.torrent(of: data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, findsLocally: true)
            _ = try bed.seed(torrent, data, options: ["--lsd-interface", "lo"])
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
        }
    }
}
