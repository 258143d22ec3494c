import Foundation
import RealClients
import Testing

@Suite("A cache smaller than the data", .realClients)
struct BoundedCacheTests {
    private static let limit = 48 << 20
    /// What `du` counts and the limit does not: folders.
    private static let folders = 64 << 10

    @Test func `a dataset four times its size is read twice, every byte right, within the limit`()
        throws
    {
        try TestBed.run { bed in
            let options = ["--cache-size", "48M", "--cache-free", "0"]
            let first = try MountedDataset(
                .large(200_000_000), in: bed, seed: 11, pieceLength: 262_144, options: options)
            for round in 0..<2 {
                let mount =
                    round == 0
                    ? first.mount
                    : try bed.mount(
                        [first.torrent.path], at: first.mount.mountpoint, options: options,
                        peers: [first.seeder.address])
                let use = DiskUse(of: bed.swarmfs.cache)
                #expect(FileComparison.differences(first.data, in: mount.mountpoint) == [])
                // Again, mostly from the kernel's memory, and backwards.
                for offset in stride(from: 190_000_000, to: 0, by: -10_000_019) {
                    let bytes = try FileComparison.read(first.large, at: offset, length: 300_000)
                    let source = try FileComparison.read(
                        first.largeSource, at: offset, length: 300_000)
                    #expect(bytes == source)
                }
                #expect(use.end() <= Self.limit + Self.folders)
                let cache = try mount.report().cache
                #expect(cache.sizeLimit == Self.limit)
                #expect(cache.keptFreeBytes == 0)
                #expect(cache.usedBytes <= Self.limit)
                #expect(!cache.isFull)
                #expect(try mount.torrent().cachedBytes > Self.limit / 2)
                try mount.end()
            }
        }
    }

    @Test func `two mounts of one cache keep to one limit`() throws {
        try TestBed.run { bed in
            let options = ["--cache-size", "32M", "--cache-free", "0"]
            let first = try MountedDataset(
                .large(60_000_000), in: bed, seed: 12, pieceLength: 131_072, options: options)
            let second = try MountedDataset(
                .large(60_000_001), in: bed, seed: 13, pieceLength: 131_072, options: options)
            let use = DiskUse(of: bed.swarmfs.cache)
            let readers = try [first, second].map {
                try ChildProcess(["cmp", $0.large, $0.largeSource])
            }
            for reader in readers { #expect(try reader.wait().exitCode == 0) }
            #expect(FileComparison.difference(first.large, first.largeSource) == nil)
            #expect(use.end() <= 32 << 20 + Self.folders)
        }
    }
}
