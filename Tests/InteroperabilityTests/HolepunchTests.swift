import RealClients
import Testing

@Suite(
    "Introductions (BEP 55)", .realClients,
    .enabled(if: NetworkNamespace.isPermitted, "a network namespace takes root"))
struct HolepunchTests {
    private static let alone = ["--no-dht", "--no-lsd", "--no-port-mapping"]

    /// Nobody can dial the seed. libtorrent knows it and the mount, whom it has dialled both; it
    /// tells the mount of the seed, and on the mount's wish the seed of the mount.
    @Test func `a seed that a mount cannot dial dials the mount, introduced by libtorrent`() throws
    {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(4_000_000), name: "one.bin", seed: 91)
            let torrent = try bed.torrent(of: data)
            // Slow, since two that have everything would part.
            let seed = try bed.seeder(
                .libtorrent, torrent, data,
                PeerOptions(uploadRate: 60_000).at(NetworkNamespace.address(3), in: network))
            let mount = try bed.mount(
                [torrent.path], options: Self.alone + ["--no-utp"],
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

    /// Who seeds, and who introduces: each of them once another program.
    struct Parties: CustomTestStringConvertible {
        let seeder: RealClient?
        let relay: RealClient?

        var testDescription: String {
            "\(seeder.map(\.rawValue) ?? "swarmfs") by \(relay.map(\.rawValue) ?? "swarmfs")"
        }
    }

    /// The seeder has everything and the relay, in the middle, nothing. Each of the two at home has
    /// dialled the relay; neither can dial the other, but for both at once.
    @Test(arguments: [
        Parties(seeder: nil, relay: nil), Parties(seeder: .libtorrent, relay: nil),
        Parties(seeder: nil, relay: .libtorrent),
    ])
    func `a mount behind a NAT reads from a seed behind another`(parties: Parties) throws {
        try TestBed.run { bed in
            let homes = try TwoHomes()
            bed.atEnd { homes.end() }
            let data = try bed.dataset(.singleFile(1_000_000), name: "one.bin", seed: 92)
            let torrent = try bed.torrent(of: data)
            // A relay that downloads is not to be done, and to part from the seed, at once.
            let rate = parties.relay == nil ? 0 : 200_000
            let relay: PeerAddress
            if let client = parties.relay {
                relay = try bed.leecher(
                    client, source: torrent.path,
                    PeerOptions(transport: .utp).at(homes.internetAddress, in: homes.internet)
                ).peer.address
            } else {
                relay = try bed.mount(
                    [torrent.path], options: Self.alone,
                    with: bed.swarmfs.at(homes.internetAddress, in: homes.internet)
                ).address
            }
            if let client = parties.seeder {
                _ = try bed.seeder(
                    client, torrent, data,
                    PeerOptions(transport: .utp, peers: [relay], uploadRate: rate)
                        .at(homes.homeAddress, in: homes.homes[1]))
            } else {
                _ = try bed.seed(
                    torrent, data,
                    options: Self.alone + ["--peer", relay.description]
                        + (rate > 0 ? ["--max-upload", String(rate)] : []),
                    with: bed.swarmfs.at(homes.homeAddress, in: homes.homes[1]))
            }
            let mount = try bed.mount(
                [torrent.path],
                options: Self.alone + ["--no-upload", "--cache", bed.newFolder("cache")],
                peers: [relay], with: bed.swarmfs.at(homes.homeAddress, in: homes.homes[0]))
            // The relay is reached over TCP, where it takes that.
            let count = parties.relay == nil ? 1 : 2
            try mount.wait(for: "the seed, over uTP") { $0.seeds > 0 && $0.peersUtp == count }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }
}
