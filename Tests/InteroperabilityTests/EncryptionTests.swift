import RealClients
import Testing

@Suite("Encrypted connections with real clients", .realClients)
struct EncryptionTests {
    /// The ways in which a client that refuses everything else goes on, and what we are told.
    private static let ways: [(client: RealClient, encryption: PeerEncryption, policy: String)] = [
        (.libtorrent, .rc4, "prefer"), (.libtorrent, .plaintext, "prefer"),
        (.libtorrent, .rc4, "require"), (.libtorrent, .prefer, "require"),
        (.transmission, .rc4, "prefer"), (.transmission, .rc4, "require"),
        (.qbittorrent, .rc4, "prefer"), (.qbittorrent, .rc4, "require"),
    ]

    @Test(arguments: ways)
    func `a mount reads from a seeder that encrypts`(
        way: (client: RealClient, encryption: PeerEncryption, policy: String)
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(
                way.client, torrent, data, PeerOptions(encryption: way.encryption))
            let mount = try bed.mount(
                [torrent.path], options: ["--encryption", way.policy], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: ways.filter { $0.client == .libtorrent })
    func `a leecher that encrypts downloads from swarmfs seed`(
        way: (client: RealClient, encryption: PeerEncryption, policy: String)
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(3_000_001), name: "one.bin", seed: 2)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.seed(torrent, data, options: ["--encryption", way.policy])
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [seed.address],
                encryption: way.encryption)
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
            #expect(try leecher.hashFailures() == 0)
        }
    }

    @Test(arguments: [RealClient.transmission, .qbittorrent])
    func `a client with encryption required downloads from a mount`(client: RealClient) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(3_000_000), seed: 5)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let leecher = try bed.leecher(
                client, source: torrent.path, PeerOptions(encryption: .rc4))
            let mount = try bed.mount(
                [torrent.path], peers: [seeder.address, leecher.peer.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            try leecher.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: leecher.folder, madeBy: client)
            #expect(differences == [])
        }
    }
}
