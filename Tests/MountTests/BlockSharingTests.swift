import Foundation
import RealClients
import Testing

@Suite(
    "A cache on a filesystem whose files can share blocks", .realClients,
    .enabled(if: SmallDisk.canShare, "there is no XFS, or only root can mount it"))
struct BlockSharingTests {
    private static let size = 40_000_000

    @Test func `adopts what the user has without another copy of it`() throws {
        try TestBed.run { bed in
            let disk = try SmallDisk.sharing(at: bed.swarmfs.cache, in: bed)
            let data = try bed.dataset(.large(Self.size), seed: 91)
            let torrent = try bed.torrent(of: data)
            let copy = disk.path + "/copy"
            try ChildProcess.output(of: ["cp", "--recursive", data.path, copy])
            let before = try disk.used()
            let run = try bed.swarmfs.run([
                "import", torrent.path, "--data", copy, "--cache", disk.path,
            ])
            #expect(run.exitCode == 0, "\(run.errors)")
            #expect(try disk.used() - before < Self.size / 4)
            // What becomes of the copy is no matter.
            try FileManager.default.removeItem(atPath: copy)
            let mount = try bed.mount([torrent.path], options: ["--offline"])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            try mount.end()
        }
    }

    /// Of v2 torrents, whose files begin at blocks: pieces of a v1 torrent mostly do not lie at whole
    /// blocks of their files, and are copied.
    @Test func `keeps one copy of what two versions have in common`() throws {
        try TestBed.run { bed in
            let disk = try SmallDisk.sharing(at: bed.swarmfs.cache, in: bed)
            let first = try MountedDataset(.large(Self.size), in: bed, seed: 92, version: .v2)
            let prefetch = try bed.swarmfs.run(["prefetch", first.mount.mountpoint])
            #expect(prefetch.exitCode == 0, "\(prefetch.errors)")
            let before = try disk.used()
            let data = try bed.dataset(.large(Self.size), seed: 92)
            try ChildProcess.output(of: [
                "dd", "if=/dev/urandom", "of=\(data.parent)/dataset/large.bin", "bs=100000",
                "seek=70", "count=10", "conv=notrunc", "status=none",
            ])
            let torrent = try bed.torrent(of: data, version: .v2, pieceLength: 65_536)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try mount.torrent().piecesCached == torrent.pieceCount)
            #expect(try disk.used() - before < Self.size / 4)
            try mount.end()
        }
    }
}
