import RealClients
import Testing

@Suite(
    "Introductions by libtorrent (BEP 55)", .realClients,
    .enabled(if: NetworkNamespace.isPermitted, "a network namespace takes root"))
struct HolepunchTests {
    private static let alone = ["--no-dht", "--no-lsd", "--no-port-mapping", "--no-utp"]

    /// Nobody can dial the seed. libtorrent knows it and the mount, whom it has dialled both; it
    /// tells the mount of the seed, and on the mount's wish the seed of the mount.
    @Test func `a seed that a mount cannot dial dials the mount`() throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(4_000_000), name: "one.bin", seed: 91)
            let torrent = try bed.torrent(of: data)
            // Slow, since two that have everything would part.
            let seed = try bed.seeder(
                .libtorrent, torrent, data,
                PeerOptions(uploadRate: 60_000).at(NetworkNamespace.address(3), in: network))
            let mount = try bed.mount(
                [torrent.path], options: Self.alone,
                with: bed.swarmfs.at(NetworkNamespace.address(1), in: network))
            let relay = try bed.leecher(
                .libtorrent, source: torrent.path,
                PeerOptions(peers: [seed.address, mount.address])
                    .at(NetworkNamespace.address(2), in: network))
            try relay.peer.waitForProgress()
            try network.refuseTCP(toPort: seed.address.port)
            try mount.wait(for: "the seed, which dials") { $0.peers == 2 && $0.seeds == 1 }
            #expect(try mount.torrent().uploaded == 0)
        }
    }
}
