import RealClients
import Testing

/// What goes beyond the tests of all clients: qBittorrent dials us, over both transports, with
/// every version of the format.
@Suite("qBittorrent", .realClients)
struct QBittorrentTests {
    private static let versions: [TorrentFile.Version] = [.hybrid, .v2]

    @Test(arguments: versions)
    func `a mount reads a torrent of version 2 from it, by the magnet link alone`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(5_000_000), seed: 61)
            let torrent = try bed.torrent(of: data, version: version)
            let seeder = try bed.seeder(.qbittorrent, torrent, data)
            let mount = try bed.mount([torrent.magnet()], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: versions)
    func `it downloads a torrent of version 2 from swarmfs seed, by the magnet link alone`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(5_000_000), seed: 62)
            let torrent = try bed.torrent(of: data, version: version)
            let seed = try bed.seed(torrent, data)
            let leecher = try bed.leecher(
                .qbittorrent, source: torrent.magnet(), PeerOptions(peers: [seed.address]))
            try leecher.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: leecher.folder) == [])
        }
    }

    @Test func `a mount reads from it over uTP`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(6_000_000), seed: 63)
            let torrent = try bed.torrent(of: data)
            let options = PeerOptions(encryption: .rc4, transport: .utp)
            let seeder = try bed.seeder(.qbittorrent, torrent, data, options)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            try mount.wait(for: "the seeder") { $0.peersUtp == 1 }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: PeerTransport.allCases)
    func `it dials swarmfs seed, with encryption required`(transport: PeerTransport) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(6_000_001), name: "one.bin", seed: 64)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.seed(torrent, data, options: ["--encryption", "require"])
            let options = PeerOptions(
                encryption: .rc4, transport: transport, peers: [seed.address])
            let leecher = try bed.leecher(.qbittorrent, source: torrent.path, options)
            try leecher.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: leecher.folder) == [])
        }
    }
}
