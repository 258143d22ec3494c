import RealClients
import Testing

@Suite("uTP with real clients", .realClients)
struct UTPTests {
    @Test(arguments: [PeerEncryption.off, .rc4])
    func `a mount reads from a seeder without TCP`(encryption: PeerEncryption) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(64 << 20))
            let torrent = try bed.torrent(of: data, pieceLength: 262_144)
            let seeder = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true, encryption: encryption,
                transport: .utp)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            try Deadline().wait(for: "the seeder") { try mount.torrent().peersUtp == 1 }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: [PeerEncryption.off, .rc4])
    func `a leecher without TCP downloads from swarmfs seed`(encryption: PeerEncryption) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile((64 << 20) + 1), name: "one.bin", seed: 2)
            let torrent = try bed.torrent(of: data, pieceLength: 262_144)
            let seed = try bed.seed(torrent, data)
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [seed.address],
                encryption: encryption, transport: .utp)
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
            #expect(try leecher.hashFailures() == 0)
        }
    }
}
