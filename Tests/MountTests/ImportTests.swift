import Foundation
import RealClients
import Testing

@Suite("swarmfs import with real mounts", .realClients)
struct ImportTests {
    @Test func `imported data is mounted by its bare infohash without any peer`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 61)
            let torrent = try bed.torrent(of: data)
            let run = try bed.swarmfs.run([
                "import", torrent.path, "--data", data.path, "--cache", bed.swarmfs.cache,
            ])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(
                run.output.hasPrefix(
                    "dataset: adopted \(torrent.pieceCount) of \(torrent.pieceCount) pieces"),
                "\(run.output)")
            let mount = try bed.mount(
                [try #require(torrent.infohash)], options: ["--offline"])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let busy = try bed.swarmfs.run([
                "import", torrent.path, "--data", data.path, "--cache", bed.swarmfs.cache,
            ])
            #expect(busy.exitCode == 1)
            #expect(busy.errors.contains("mounted at \(mount.mountpoint)"))
        }
    }

    @Test func `data of something else is refused`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(300_000), seed: 62)
            let other = try bed.dataset(.large(300_000), name: "other", seed: 63)
            let torrent = try bed.torrent(of: data)
            let run = try bed.swarmfs.run([
                "import", torrent.path, "--data", other.path, "--cache", bed.swarmfs.cache,
            ])
            #expect(run.exitCode == 1)
            #expect(run.errors.contains("is data of dataset"), "\(run.errors)")
        }
    }
}
