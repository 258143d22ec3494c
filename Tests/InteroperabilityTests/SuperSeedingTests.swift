import RealClients
import Testing

@Suite("Super-seeding peers (BEP 16)", .realClients)
struct SuperSeedingTests {
    @Test func `two mounts get all of a super-seeding libtorrent, one by reads and one ahead`()
        throws
    {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(1_500_000), name: "one.bin", seed: 8)
            let torrent = try bed.torrent(of: data)
            let seeder = try LibtorrentPeer(
                source: torrent.path, folder: data.parent, isSeed: true, isSuperSeeding: true)
            bed.atEnd { seeder.end() }
            let first = try bed.mount([torrent.path], peers: [seeder.address])
            let second = try bed.mount(
                [torrent.path], options: ["--cache", try bed.newFolder("cache")],
                peers: [seeder.address, first.address])
            let prefetch = try bed.swarmfs.start(["prefetch", second.mountpoint])
            #expect(FileComparison.differences(data, in: first.mountpoint) == [])
            #expect(try prefetch.wait(seconds: 3 * Deadline.generous).exitCode == 0)
            #expect(FileComparison.differences(data, in: second.mountpoint) == [])
        }
    }
}
