import Foundation
import RealClients
import Testing

@Suite("swarmfs prefetch and pin with real mounts", .realClients)
struct PrefetchTests {
    @Test func `a prefetched mount needs no peer any more`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.mixed, in: bed, seed: 41)
            let run = try bed.swarmfs.run(["prefetch", first.mount.mountpoint])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(run.output.hasPrefix("cached: "))
            #expect(run.errors == "")
            first.seeder.end()
            #expect(try first.mount.torrent().piecesCached == first.torrent.pieceCount)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            // And again, which finds nothing to do.
            #expect(try bed.swarmfs.run(["prefetch", first.mount.mountpoint]).exitCode == 0)
        }
    }

    @Test func `a range of files that a pattern names is all that is fetched`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(8_000_000), in: bed, seed: 42)
            let pattern = first.mount.path("data*/l*.bin")
            let run = try bed.swarmfs.run([
                "prefetch", pattern, "--range", "1MiB-2MiB", "--json",
            ])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(run.output.contains("\"files\" : 1"))
            // The file starts 700 bytes into a piece.
            #expect(run.output.contains("\"bytes\" : \(17 * 65_536)"))
            #expect(try first.mount.torrent().piecesCached == 17)
        }
    }

    @Test func `a magnet link's selection bounds what is fetched unasked (BEP 53)`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(1_000_000), seed: 47)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            // The last of three files, which shares its piece with the end of the large one.
            let mount = try bed.mount([torrent.magnet() + "&so=2"], peers: [seeder.address])
            for command in ["prefetch", "pin"] {
                let run = try bed.swarmfs.run([command, mount.mountpoint, "--json"])
                #expect(run.exitCode == 0, "\(run.errors)")
                #expect(run.output.contains("\"files\" : 1"))
            }
            #expect(try mount.torrent().piecesCached == 1)
            // What is named by itself is asked for.
            let readme = mount.path("dataset/README.txt")
            #expect(try bed.swarmfs.run(["prefetch", readme]).exitCode == 0)
            #expect(try mount.torrent().piecesCached == 2)
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
        }
    }

    @Test func `paths outside of every mount are refused in one line`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(100_000), in: bed, seed: 43)
            for (path, message) in [
                (first.data.parent, "is in no mount"), (first.mount.path("none"), "No such file"),
                (first.mount.path("none*"), "nothing matches"),
            ] {
                let run = try bed.swarmfs.run(["prefetch", path])
                #expect(run.exitCode == 1)
                #expect(run.errors.contains(message), "\(run.errors)")
                #expect(run.errors.split(separator: "\n").count == 1)
            }
        }
    }

    @Test func `an interrupted prefetch ends, and what has come stays`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(40_000_000), seed: 44)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true, uploadRate: 2_000_000)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            let prefetch = try bed.swarmfs.start(["prefetch", mount.mountpoint])
            try mount.wait(for: "some pieces") { $0.piecesCached >= 8 }
            kill(prefetch.pid, SIGINT)
            let result = try prefetch.wait()
            #expect(result.exitCode == 1)
            #expect(result.errors.contains("interrupted"), "\(result.errors)")
            // Nothing is fetched any more once what was on its way has come.
            var last = (downloaded: -1, time: ContinuousClock.now)
            try Deadline(seconds: 60).wait(for: "the downloads to end") {
                let now = try mount.torrent().downloaded
                if now != last.downloaded { last = (now, .now) }
                return last.time.duration(to: .now) > .seconds(2)
            }
            #expect((8 * 65_536..<30_000_000).contains(last.downloaded))
            #expect(try mount.torrent().piecesCached >= 8)
        }
    }

    @Test func `pins survive restarts, and are shown`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(4_000_000), in: bed, seed: 45)
            let run = try bed.swarmfs.run(["pin", first.large, "--no-prefetch"])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(run.output == "pinned: 1 file\n")
            #expect(try first.mount.torrent().piecesCached == 0)
            try first.mount.end()
            let show = ["cache", "show", "dataset", "--json", "--cache", bed.swarmfs.cache]
            #expect(try bed.swarmfs.run(show).output.contains("\"is_pinned\" : true"))
            let second = try bed.mount([first.torrent.path], peers: [first.seeder.address])
            let pinned = try bed.swarmfs.run(["pin", second.path("dataset/large.bin")])
            #expect(pinned.output.hasPrefix("pinned and cached: 1 file"), "\(pinned.errors)")
            #expect(try second.torrent().cachedBytes >= 4_000_000)
            let unpinned = try bed.swarmfs.run(["unpin", second.mountpoint])
            #expect(unpinned.output == "unpinned: 3 files\n", "\(unpinned.errors)")
            #expect(!(try bed.swarmfs.run(show).output.contains("\"is_pinned\" : true")))
        }
    }
}
