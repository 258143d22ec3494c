import RealClients
import Testing

@Suite("Real clients take the torrents that swarmfs makes", .realClients)
struct CreationTests {
    private func create(
        _ data: Dataset, in bed: TestBed, options: [String]
    ) throws -> (path: String, infohashes: [String]) {
        let path = try bed.newFolder("created") + "/created.torrent"
        let result = try bed.swarmfs.run(
            ["create", data.path, "-o", path, "--creation-date", "1700000000"] + options)
        #expect(result.exitCode == 0, "\(result)")
        let words = result.output.split { $0 == " " || $0 == "\n" }.map(String.init)
        let digits = Set("0123456789abcdef")
        let hashes = words.filter { word in
            [40, 64].contains(word.count) && word.allSatisfy { digits.contains($0) }
        }
        return (path, hashes)
    }

    @Test(arguments: TorrentFile.Version.allCases, [16_384, 65_536])
    func `the infohash is libtorrent's for the same files`(
        version: TorrentFile.Version, pieceLength: Int
    ) throws {
        try TestBed.run { bed in
            for kind in [DatasetKind.mixedWithLinks, .singleFile(300_001), .singleFile(5)] {
                let data = try bed.dataset(kind)
                let theirs = try bed.torrent(
                    of: data, version: version, pieceLength: pieceLength)
                let ours = try create(
                    data, in: bed,
                    options: ["--format", version.rawValue, "--piece-length", "\(pieceLength)"])
                let expected = [theirs.infohash, theirs.infohashV2].compactMap { $0 }
                #expect(ours.infohashes == expected, "\(kind)")
            }
        }
    }

    @Test(arguments: TorrentFile.Version.allCases)
    func `libtorrent checks our torrent's data and finds it whole`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 2)
            let ours = try create(data, in: bed, options: ["--format", version.rawValue])
            _ = try bed.libtorrent(source: ours.path, folder: data.parent, isSeed: true)
        }
    }

    @Test(
        arguments: RealClient.allCases.map { ($0, TorrentFile.Version.v1) }
            + RealClient.readingHybrids.map { ($0, .hybrid) })
    func `a client downloads our torrent from our seed`(
        client: RealClient, version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 3)
            let ours = try create(data, in: bed, options: ["--format", version.rawValue])
            let leecher = try bed.leecher(client, source: ours.path)
            _ = try bed.seed(
                ours.path, data: data.path,
                options: ["--peer", leecher.peer.address.description])
            try leecher.peer.waitUntilComplete()
            let differences = FileComparison.differences(
                data, in: leecher.folder, madeBy: client)
            #expect(differences == [])
        }
    }

    @Test func `Transmission reads trackers, privacy and comment`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 4)
            let ours = try create(
                data, in: bed,
                options: [
                    "--format", "v1", "--private", "--comment", "für alle", "--tracker",
                    "http://127.0.0.1:1/announce", "--tracker", "udp://127.0.0.1:2/announce",
                ])
            let shown = try ChildProcess.output(
                of: ["transmission-show", ours.path], environment: ["LC_ALL": "C.UTF-8"])
            #expect(shown.contains("Privacy: Private torrent"))
            #expect(shown.contains("Comment: für alle"))
            #expect(shown.contains("Hash: " + (ours.infohashes.first ?? "none")))
            #expect(shown.contains("http://127.0.0.1:1/announce"))
            #expect(shown.contains("udp://127.0.0.1:2/announce"))
        }
    }
}
