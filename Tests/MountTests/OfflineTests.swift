import Foundation
import RealClients
import Testing

@Suite("Mounts without a network", .realClients)
struct OfflineTests {
    @Test func `what is cached is read by the bare infohash, and the rest fails with the reason`()
        throws
    {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(2_000_000), in: bed, seed: 51)
            let run = try bed.swarmfs.run(["prefetch", first.large, "--range", "0-1M"])
            #expect(run.exitCode == 0, "\(run.errors)")
            try first.mount.end()
            // The seeder is still there, and must not be asked.
            let infohash = try #require(first.torrent.infohash)
            let second = try bed.mount(
                [infohash], options: ["--offline"], peers: [first.seeder.address])
            let large = second.path("dataset/large.bin")
            let source = try FileComparison.read(first.largeSource, at: 0, length: 1_000_000)
            #expect(try FileComparison.read(large, at: 0, length: 1_000_000) == source)
            let torrent = try second.torrent()
            #expect(torrent.state == "offline")
            #expect(torrent.peers == 0)
            #expect(try second.report().listenPort == 0)
            let reader = try ChildProcess.run(
                ["tail", "-c", "1000", large], environment: ["LC_ALL": "C"], endsWithTest: true,
                seconds: 20)
            #expect(reader.exitCode == 1)
            #expect(
                reader.errors.contains("Network is unreachable"), "\(reader.errors)")
            #expect(bed.swarmfs.log.contains("large.bin: a read failed, as not all of the file"))
            let prefetch = try bed.swarmfs.run(["prefetch", second.mountpoint])
            #expect(prefetch.exitCode == 1)
            #expect(prefetch.errors.contains("the mount is offline"))
        }
    }

    /// One block of a piece of 4 MiB is all that was read before, and is there without a network.
    @Test(arguments: [TorrentFile.Version.v2, .hybrid])
    func `a block that was read by itself is there the next time, and no other`(
        version: TorrentFile.Version
    ) throws {
        try TestBed.run { bed in
            let first = try MountedDataset(
                .large(20_000_000), in: bed, seed: 52, pieceLength: 4 << 20, version: version)
            // In the middle of a piece, so that it does not look like a walk through the file.
            let offset = 2 << 22 | 1_600_000
            let bytes = try FileComparison.read(first.large, at: offset, length: 4096)
            let source = try FileComparison.read(first.largeSource, at: offset, length: 4096)
            #expect(bytes == source)
            let before = try first.mount.torrent()
            #expect(before.piecesCached == 0)
            try first.mount.end()
            let second = try bed.mount(
                [first.torrent.path], options: ["--offline"], peers: [first.seeder.address])
            let large = second.path("dataset/large.bin")
            #expect(try FileComparison.read(large, at: offset, length: 4096) == source)
            let torrent = try second.torrent()
            #expect(torrent.downloaded == 0)
            #expect(torrent.piecesCached == 0)
            #expect(torrent.cachedBytes >= 16_384 && torrent.cachedBytes <= 512 << 10)
            let show = try bed.swarmfs.run(
                ["cache", "show", "dataset", "--json", "--cache", bed.swarmfs.cache])
            #expect(
                show.output.contains("\"cached_bytes\":\(torrent.cachedBytes)")
                    || show.output.contains("\"cached_bytes\" : \(torrent.cachedBytes)"),
                "\(show.output) \(show.errors)")
            let verify = try bed.swarmfs.run(["verify", second.mountpoint])
            #expect(verify.exitCode == 0, "\(verify.output) \(verify.errors)")
            let reader = try ChildProcess.run(
                ["tail", "-c", "1000", large], environment: ["LC_ALL": "C"], endsWithTest: true,
                seconds: 20)
            #expect(reader.errors.contains("Network is unreachable"), "\(reader.errors)")
        }
    }

    @Test func `a torrent that the cache does not know is refused at once`() throws {
        try TestBed.run { bed in
            let place = try bed.newFolder("mount")
            for source in [
                String(repeating: "ab", count: 20), "http://127.0.0.1:1/x.torrent",
                "magnet:?xt=urn:btih:" + String(repeating: "cd", count: 20),
            ] {
                let run = try bed.swarmfs.run(
                    ["mount", source, place, "--offline", "--cache", bed.swarmfs.cache],
                    seconds: 20)
                #expect(run.exitCode == 4)
                #expect(run.errors.contains("--offline allows no network"), "\(run.errors)")
            }
        }
    }
}
