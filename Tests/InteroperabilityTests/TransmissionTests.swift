import RealClients
import Testing

/// Transmission cannot be kept from TCP, and dials nobody on the loopback device: what shows uTP,
/// and its own dials, happens in a network of the test's own.
@Suite(
    "Transmission over uTP and by its own dials", .idleClients,
    .enabled(if: NetworkNamespace.isPermitted, "a network namespace takes root"))
struct TransmissionTests {
    private static let alone = ["--no-dht", "--no-lsd", "--no-port-mapping"]

    @Test(arguments: [PeerEncryption.prefer, .rc4])
    func `a mount reads from it over uTP, where TCP is refused`(
        encryption: PeerEncryption
    ) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.large(6_000_000), seed: 81)
            let torrent = try bed.torrent(of: data)
            let options = PeerOptions(encryption: encryption, transport: .utp)
                .at(NetworkNamespace.address(1), in: network)
            let seeder = try bed.seeder(.transmission, torrent, data, options)
            try network.refuseTCP(toPort: seeder.address.port)
            let mount = try bed.mount(
                [torrent.path], options: Self.alone, peers: [seeder.address],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            try mount.wait(for: "the seeder") { $0.peersUtp == 1 }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    /// It hears of the mount by LSD. It tries uTP first, and then TCP.
    @Test(arguments: PeerTransport.allCases)
    func `it dials a mount, with encryption required, and downloads`(
        transport: PeerTransport
    ) throws {
        try TestBed.run { bed in
            let network = try bed.network()
            let data = try bed.dataset(.singleFile(6_000_001), name: "one.bin", seed: 82)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(
                .libtorrent, torrent, data,
                PeerOptions(encryption: .rc4).at(NetworkNamespace.address(3), in: network))
            let leecher = try bed.leecher(
                .transmission, source: torrent.path,
                PeerOptions(encryption: .rc4, transport: transport, discovery: [.lsd])
                    .at(NetworkNamespace.address(1), in: network))
            let mount = try bed.mount(
                [torrent.path],
                options: [
                    "--encryption", "require", "--no-dht", "--no-port-mapping", "--lsd-interface",
                    "lo",
                ],
                peers: [seeder.address],
                with: bed.swarmfs.at(NetworkNamespace.address(2), in: network))
            try mount.wait(for: "both peers") {
                $0.peers == 2 && $0.peersUtp == (transport == .utp ? 1 : 0)
            }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            try leecher.peer.waitUntilComplete()
            #expect(FileComparison.differences(data, in: leecher.folder) == [])
        }
    }
}
