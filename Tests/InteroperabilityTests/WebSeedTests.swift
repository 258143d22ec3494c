import RealClients
import Testing

@Suite("A mount reads from nginx (BEP 19)", .realClients)
struct WebSeedTests {
    /// A v1 torrent of a dataset, made by us, that names a web seed.
    private static func torrent(_ bed: TestBed, _ data: Dataset, webSeed: String) throws -> String {
        let path = try bed.newFolder("torrent") + "/seeded.torrent"
        let result = try bed.swarmfs.run([
            "create", data.path, "-o", path, "--format", "v1", "--piece-length", "64KiB",
            "--webseed", webSeed, "--no-progress",
        ])
        guard result.exitCode == 0 else { throw RealClientError("create: \(result.errors)") }
        return path
    }

    @Test(arguments: [TorrentFile.Version.v1, .v2, .hybrid])
    func `many files with any names are read without a peer`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let nginx = try bed.nginx(data)
            let torrent = try bed.torrent(of: data, version: version)
            let mount = try bed.mount([torrent.path], options: ["--webseed", nginx.url])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let seed = try #require(try mount.torrent().webSeeds.first)
            #expect(seed.errors == 0)
            #expect(seed.downloaded >= data.totalSize)
            let requests = try nginx.requests()
            #expect(requests.allSatisfy { $0.status == 206 || $0.status == 200 })
            let sent = requests.reduce(0) { $0 + $1.bytes }
            #expect((data.totalSize...data.totalSize * 5 / 4).contains(sent))
        }
    }

    @Test func `TLS and HTTP/2 are used where the authority is trusted`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 2)
            let nginx = try bed.nginx(data)
            let torrent = try bed.torrent(of: data)
            let seed = ["--webseed", nginx.secureURL]
            let mount = try bed.mount(
                [torrent.path], options: seed + ["--ca-file", nginx.authority])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try nginx.requests().allSatisfy { $0.version == "HTTP/2.0" })
            try mount.end()

            let cache = try bed.newFolder("cache")
            let other = try bed.mount(
                [torrent.path], options: seed + ["--cache", cache, "--read-timeout", "2s"])
            #expect(throws: RealClientError.self) {
                try FileComparison.read(other.path("dataset/README.txt"), at: 0, length: 10)
            }
            let report = try #require(try other.torrent().webSeeds.first)
            #expect(report.downloaded == 0)
            #expect(report.lastError?.contains("TLS") ?? false)
        }
    }

    @Test(arguments: [false, true])
    func `a peer and the server are read from together`(isSecure: Bool) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(24_000_000), seed: 3)
            let nginx = try bed.nginx(data)
            let url = isSecure ? nginx.secureURL : nginx.url
            let torrent = try bed.torrent(of: data, pieceLength: 262_144)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount(
                [torrent.path], options: ["--webseed", url, "--ca-file", nginx.authority],
                peers: [seeder.address])
            try mount.wait(for: "the seeder") { $0.peersUnchoked == 1 }
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let status = try mount.torrent()
            let share = try #require(status.webSeeds.first).downloaded
            #expect(share < status.downloaded)
        }
    }

    @Test func `libtorrent asks the same server for the same files`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 4)
            let (ours, theirs) = (try bed.nginx(data), try bed.nginx(data))
            let mount = try bed.mount([try Self.torrent(bed, data, webSeed: ours.url + "/")])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let torrent = try Self.torrent(bed, data, webSeed: theirs.url + "/")
            let leecher = try bed.libtorrent(
                source: torrent, folder: try bed.newFolder("download"), isSeed: false)
            try leecher.waitUntilComplete()
            #expect(
                Set(try ours.requests().map(\.path)) == Set(try theirs.requests().map(\.path)))
        }
    }

    @Test func `a bare infohash is mounted from servers alone`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 5)
            let nginx = try bed.nginx(data)
            let torrent = try bed.torrent(of: data)
            let infohash = try #require(torrent.infohash)
            try ChildProcess.output(of: ["cp", torrent.path, data.parent + "/\(infohash).torrent"])
            let mount = try bed.mount(
                [infohash],
                options: [
                    "--metadata-url", nginx.url + "/{infohash}.torrent", "--webseed", nginx.url,
                ])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }
}
