import Foundation
import RealClients
import Testing

@Suite("swarmfs verify and --verify=once with real mounts", .realClients)
struct VerifyTests {
    private struct Report: Decodable {
        struct Torrent: Decodable {
            struct File: Decodable {
                let path: String
                let pieces: [Int]
            }

            let infohash: String
            let pieces_checked: Int
            let pieces_damaged: Int
            let is_repaired: Bool
            let files: [File]
        }

        let torrents: [Torrent]
    }

    private func verify(
        _ bed: TestBed, _ arguments: [String]
    ) throws -> (code: Int32?, torrents: [Report.Torrent]) {
        let run = try bed.swarmfs.run(
            ["verify", "--json", "--cache", bed.swarmfs.cache] + arguments)
        let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
        #expect(run.errors == "")
        return (run.exitCode, report.torrents)
    }

    /// Changes one bit of the largest file of a torrent in the cache.
    private func flip(_ torrent: TorrentFile, in bed: TestBed, at offset: UInt64) throws {
        let folder = "\(bed.swarmfs.cache)/\(try #require(torrent.infohash))/files/0"
        let sizes = try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
            let path = "\(folder)/\(name)"
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return (path, size ?? 0)
        }
        let path = try #require(sizes.max { $0.1 < $1.1 }).0
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 0x04]))
        try file.close()
    }

    @Test func `a flipped bit is found in a mount, and repaired under a reader`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(4_000_000), in: bed, seed: 31)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.wait(for: "all pieces") { $0.piecesCached == first.torrent.pieceCount }
            #expect(try verify(bed, [first.mount.mountpoint]).code == 0)
            try flip(first.torrent, in: bed, at: 200_000)

            let found = try verify(bed, [])
            #expect(found.code == 4)
            let torrent = try #require(found.torrents.first)
            #expect(torrent.pieces_checked == first.torrent.pieceCount)
            #expect(torrent.files.map(\.path) == ["large.bin"])
            #expect(torrent.files.first?.pieces == [200_000 / 65_536])
            let text = try bed.swarmfs.run(["verify", first.mount.mountpoint])
            #expect(text.exitCode == 4)
            #expect(text.output.contains("dataset: 1 of \(first.torrent.pieceCount) pieces"))
            #expect(text.output.contains("  large.bin: piece 3\n"))

            let repaired = try verify(bed, [first.mount.mountpoint, "--repair"])
            #expect(repaired.code == 1)
            #expect(repaired.torrents.first?.is_repaired == true)
            #expect(try first.mount.torrent().piecesCached == first.torrent.pieceCount - 1)
            try first.mount.end()
            let second = try bed.mount([first.torrent.path], peers: [first.seeder.address])
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
            #expect(try verify(bed, []).code == 0)
        }
    }

    @Test func `what the kernel keeps of a damaged piece goes with it`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(4_000_000), in: bed, seed: 35)
            // Not whole, so that the kernel does not read the cache file itself.
            let fetched = try bed.swarmfs.run(["prefetch", first.large, "--range", "0-1MiB"])
            #expect(fetched.exitCode == 0, "\(fetched.errors)")
            try flip(first.torrent, in: bed, at: 200_000)
            let source = try FileComparison.read(first.largeSource, at: 150_000, length: 100_000)
            let damaged = try FileComparison.read(first.large, at: 150_000, length: 100_000)
            #expect(damaged != source)
            #expect(try verify(bed, ["--repair"]).code == 1)
            let again = try FileComparison.read(first.large, at: 150_000, length: 100_000)
            #expect(again == source)
        }
    }

    @Test func `what is not mounted is verified and repaired by the command itself`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(4_000_000), in: bed, seed: 32)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            try flip(first.torrent, in: bed, at: 3_999_999)
            let infohash = try #require(first.torrent.infohash)
            #expect(try verify(bed, [infohash]).code == 4)
            #expect(try verify(bed, ["dataset"]).torrents.first?.pieces_damaged == 1)
            #expect(try verify(bed, ["--all", "--repair"]).code == 1)
            #expect(try verify(bed, ["--all"]).code == 0)
            let second = try bed.mount([first.torrent.path], peers: [first.seeder.address])
            #expect(try second.torrent().piecesCached == first.torrent.pieceCount - 1)
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
        }
    }

    @Test func `a mount that verifies once serves no flipped bit and fetches the piece again`()
        throws
    {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(4_000_000), in: bed, seed: 33)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            try flip(first.torrent, in: bed, at: 1_000_000)
            try flip(first.torrent, in: bed, at: 2_500_000)
            let second = try bed.mount(
                [first.torrent.path], options: ["--verify=once"], peers: [first.seeder.address])
            #expect(try second.torrent().piecesCached == first.torrent.pieceCount)
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
            try second.wait(for: "all pieces") { $0.piecesCached == first.torrent.pieceCount }
            let downloaded = try second.torrent().downloaded
            #expect((131_072..<400_000).contains(downloaded), "\(downloaded)")
            try second.end()
            first.seeder.end()
            // Nothing is doubtful any more: this one needs no peer, and the file is whole.
            let third = try bed.mount([first.torrent.path], options: ["--verify=once"])
            #expect(FileComparison.differences(first.data, in: third.mountpoint) == [])
            #expect(try verify(bed, [third.mountpoint]).code == 0)
        }
    }

    @Test func `whoever leeches gets no flipped bit from a mount that verifies once`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(4_000_000), in: bed, seed: 34)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            first.seeder.end()
            try flip(first.torrent, in: bed, at: 1_000_000)
            let second = try bed.mount([first.torrent.path], options: ["--verify=once"])
            let folder = try bed.newFolder("download")
            let leecher = try bed.libtorrent(
                source: first.torrent.path, folder: folder, isSeed: false,
                peers: [second.address])
            // All but the damaged piece, which is lost.
            try second.wait(for: "the damage to be found") {
                $0.piecesCached == first.torrent.pieceCount - 1
            }
            try second.wait(for: "the rest to be sent") { $0.uploaded >= 4_000_000 - 65_536 }
            leecher.end()
            #expect(bed.swarmfs.log.contains("does not match its hash any more"))
        }
    }
}
