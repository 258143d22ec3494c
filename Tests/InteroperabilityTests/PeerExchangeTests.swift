import RealClients
import Testing

@Suite("Peer exchange with libtorrent (BEP 11)", .realClients)
struct PeerExchangeTests {
    @Test func `libtorrent finds the seed through a mount that has nothing cached`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_000_000), name: "one.bin", seed: 11)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true)
            let mount = try bed.mount([torrent.path], peers: [seed.address])
            try mount.wait(for: "the seed") { $0.peers == 1 }
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [mount.address])
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
        }
    }

    @Test func `two mounts find each other through libtorrent`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_000_000), name: "one.bin", seed: 12)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true)
            let first = try bed.mount([torrent.path], peers: [seed.address])
            try first.wait(for: "the seed") { $0.peers == 1 }
            let second = try bed.mount(
                [torrent.path], options: ["--cache", bed.newFolder("cache")], peers: [seed.address])
            try second.wait(for: "the first mount, which libtorrent names") { $0.peers == 2 }
        }
    }
}
