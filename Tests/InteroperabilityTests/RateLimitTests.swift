import RealClients
import Testing

/// Only that a limit holds is tested here: how closely it is reached is a matter of simulations, for a
/// busy machine may always be slower.
@Suite("Rate limits of a mount", .realClients)
struct RateLimitTests {
    /// How a client meets us.
    enum Way: String, CaseIterable {
        case tcp, encrypted, utp

        var encryption: PeerEncryption { self == .encrypted ? .rc4 : .off }
        var transport: PeerTransport { self == .utp ? .utp : .tcp }
        var options: [String] {
            self == .encrypted ? ["--encryption", "require"] : ["--encryption", "off"]
        }
    }

    private static let rate = 1_048_576.0
    /// A quarter of a second's bytes are free, and so is what was asked for before the clock began.
    private static let slack = 0.5

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .seconds(1)
    }

    @Test(arguments: Way.allCases)
    func `downloads keep to the limit, and a change holds at once`(way: Way) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(5_000_000), name: "one.bin", seed: 2)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true,
                encryption: way.encryption, transport: way.transport)
            let mount = try bed.mount(
                [torrent.path], options: ["--max-download", "1MiB"] + way.options,
                peers: [seeder.address])
            let start = ContinuousClock.now
            _ = try FileComparison.read(mount.path("one.bin"), at: 0, length: 2_000_000)
            #expect(Self.seconds(since: start) > 2_000_000 / Self.rate - Self.slack)
            #expect(try mount.report().limits.maxDownload == 1_048_576)
            let result = try bed.swarmfs.run(["limit", mount.mountpoint, "--max-download", "none"])
            #expect(result.exitCode == 0)
            #expect(try mount.report().limits.maxDownload == nil)
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `what a web seed sends counts as well`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(3_000_000), name: "one.bin", seed: 4)
            let torrent = try bed.torrent(of: data)
            let server = try bed.nginx(data)
            let mount = try bed.mount(
                [torrent.path],
                options: ["--max-download", "1MiB", "--webseed", server.url + "/one.bin"])
            let start = ContinuousClock.now
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(Self.seconds(since: start) > 3_000_000 / Self.rate - Self.slack)
        }
    }

    @Test(arguments: Way.allCases)
    func `uploads keep to the limit, shared by all peers`(way: Way) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_500_000), name: "one.bin", seed: 3)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.seed(
                torrent, data, options: ["--max-upload", "1MiB"] + way.options)
            // Two that do not know each other.
            let folders = try (0..<2).map { _ in try bed.newFolder("download") }
            let start = ContinuousClock.now
            let leechers = try folders.map {
                try bed.libtorrent(
                    source: torrent.path, folder: $0, isSeed: false, peers: [seed.address],
                    encryption: way.encryption, transport: way.transport)
            }
            for leecher in leechers { try leecher.waitUntilComplete() }
            #expect(Self.seconds(since: start) > 3_000_000 / Self.rate - Self.slack)
            for folder in folders {
                #expect(FileComparison.differences(data, in: folder) == [])
            }
        }
    }

    @Test func `a mount's upload limit can be changed while it gives`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(3_000_000), name: "one.bin", seed: 5)
            let torrent = try bed.torrent(of: data)
            let seed = try bed.seed(torrent, data)
            let mount = try bed.mount(
                [torrent.path], options: ["--max-upload", "4KiB"], peers: [seed.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: torrent.path, folder: folder, isSeed: false, peers: [mount.address])
            let sent = try mount.wait(for: "a first block to be sent") { $0.uploaded > 0 }.uploaded
            // With the limit that it began with all of it would take twelve minutes.
            #expect(sent < 1_000_000)
            let result = try bed.swarmfs.run(["limit", mount.mountpoint, "--max-upload", "none"])
            #expect(result.exitCode == 0)
            try leecher.waitUntilComplete()
            #expect(FileComparison.differences(data, in: folder) == [])
        }
    }
}
