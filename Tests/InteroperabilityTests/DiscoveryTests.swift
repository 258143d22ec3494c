import RealClients
import Testing

/// Transmission and qBittorrent in a network of the test's own, in which nobody is told of anybody
/// but by the means under test.
@Suite(
    "Transmission and qBittorrent find peers by themselves", .idleClients,
    .enabled(if: NetworkNamespace.isPermitted, "a network namespace takes root"))
struct DiscoveryTests {
    private static let clients = [RealClient.transmission, .qbittorrent]
    private static let alone = ["--no-dht", "--no-lsd", "--no-port-mapping"]

    @Test(arguments: clients)
    func `a mount finds its seed by LSD`(client: RealClient) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 71)
            let torrent = try bed.torrent(of: data)
            let options = PeerOptions(discovery: [.lsd])
                .at(NetworkNamespace.address(1), in: network)
            _ = try bed.seeder(client, torrent, data, options)
            let mount = try bed.mount(
                [torrent.path],
                options: ["--no-dht", "--no-port-mapping", "--lsd-interface", "lo"],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: clients)
    func `it finds our seed by LSD`(client: RealClient) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 72)
            let torrent = try bed.torrent(of: data)
            let options = PeerOptions(discovery: [.lsd])
                .at(NetworkNamespace.address(1), in: network)
            let leecher = try bed.leecher(client, source: torrent.path, options)
            _ = try bed.seed(
                torrent, data,
                options: ["--no-dht", "--no-port-mapping", "--lsd-interface", "lo"],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            try leecher.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: leecher.folder) == [])
        }
    }

    @Test(arguments: clients)
    func `it finds the seed by PEX through a mount that has nothing`(client: RealClient) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 73)
            let torrent = try bed.torrent(of: data)
            // Transmission dials encrypted, and whoever refuses that not again for a minute.
            let options = PeerOptions(encryption: .prefer, discovery: [.pex])
            let leecher = try bed.leecher(
                client, source: torrent.path,
                options.at(NetworkNamespace.address(1), in: network))
            // Were it told of the client too, the two could dial each other at once and part.
            let seed = try LibtorrentPeer(
                source: torrent.path, folder: data.parent, isSeed: true,
                host: NetworkNamespace.address(3), exchangesPeers: false, encryption: .prefer,
                network: network)
            bed.atEnd { seed.end() }
            let mount = try bed.mount(
                [torrent.path], options: Self.alone + ["--no-upload"],
                peers: [leecher.peer.address, seed.address],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            try mount.wait(for: "both peers") { $0.peers == 2 }
            try leecher.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: leecher.folder) == [])
        }
    }

    /// It still downloads from the seed, or the two would part, and it has dialled the seed: whom it
    /// names it names by the address that it sees, which in this network is its own for callers.
    @Test func `a mount finds a seed by PEX through Transmission`() throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(2_000_000), name: "one.bin", seed: 76)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.seeder(
                .libtorrent, torrent, data,
                PeerOptions(uploadRate: 60_000).at(NetworkNamespace.address(3), in: network))
            let tracker = try bed.recordingTracker(peers: [seed.address], in: network)
            let client = try bed.leecher(
                .transmission, source: bed.torrent(of: data, trackers: [tracker.url]).path,
                // Or it would dial encrypted, be refused, and rest.
                PeerOptions(encryption: .off, discovery: [.pex])
                    .at(NetworkNamespace.address(1), in: network))
            try client.peer.waitForProgress()
            let mount = try bed.mount(
                [torrent.path], options: Self.alone + ["--no-upload"],
                peers: [client.peer.address],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            try mount.wait(for: "the seed") { $0.peers == 2 && $0.seeds == 1 }
        }
    }

    @Test(arguments: clients)
    func `a bare infohash finds its seed by the DHT`(client: RealClient) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 74)
            let torrent = try bed.torrent(of: data)
            let dht = try LocalDHT(ours: 16, in: network)
            bed.atEnd { dht.end() }
            var options = PeerOptions(discovery: [.dht])
            options.bootstrap = dht.ours
            _ = try bed.seeder(
                client, torrent, data, options.at(NetworkNamespace.address(1), in: network))
            let mount = try bed.mount(
                [try #require(torrent.infohash)],
                options: [
                    "--no-lsd", "--no-port-mapping", "--dht-bootstrap", try #require(dht.ours.last),
                ],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network), seconds: 120)
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test(arguments: clients)
    func `it finds our seed by the DHT`(client: RealClient) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(300_000), name: "one.bin", seed: 75)
            let torrent = try bed.torrent(of: data)
            let dht = try LocalDHT(ours: 16, in: network)
            bed.atEnd { dht.end() }
            _ = try bed.seed(
                torrent, data,
                options: [
                    "--no-lsd", "--no-port-mapping", "--dht-bootstrap", try #require(dht.ours.last),
                ],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            var options = PeerOptions(discovery: [.dht])
            options.bootstrap = dht.ours
            let leecher = try bed.leecher(
                client, source: torrent.magnet(),
                options.at(NetworkNamespace.address(1), in: network))
            try leecher.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: leecher.folder) == [])
        }
    }
}
