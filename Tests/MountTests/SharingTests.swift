import Foundation
import RealClients
import Testing

@Suite("A new version of a dataset", .realClients)
struct SharingTests {
    @Test(arguments: [TorrentFile.Version.v1, .v2])
    func `costs only what changed`(version: TorrentFile.Version) throws {
        try TestBed.run { bed in
            let size = 20_000_000
            let first = try MountedDataset(.large(size), in: bed, seed: 61, version: version)
            // Returns when all is in the catalogue; the old version stays mounted.
            let run = try bed.swarmfs.run(["prefetch", first.mount.mountpoint])
            #expect(run.exitCode == 0, "\(run.errors)")
            let data = try bed.dataset(.large(size), seed: 61)
            try ChildProcess.output(of: [
                "dd", "if=/dev/urandom", "of=\(data.parent)/dataset/large.bin", "bs=100000",
                "seek=70", "count=10", "conv=notrunc", "status=none",
            ])
            let torrent = try bed.torrent(of: data, version: version, pieceLength: 65_536)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            let state = try mount.torrent()
            #expect(state.piecesCached == torrent.pieceCount)
            // A megabyte that changed, and the pieces at its ends.
            #expect((1_000_000...2_000_000).contains(state.downloaded))
            #expect(bed.swarmfs.log.contains("are those of other torrents in the cache"))
        }
    }
}
