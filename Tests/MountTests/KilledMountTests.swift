import Foundation
import RealClients
import Testing

@Suite("A mount that is killed at any moment serves no wrong byte when it is back", .realClients)
struct KilledMountTests {
    /// `scripts/soak` asks for more.
    private static let kills =
        ProcessInfo.processInfo.environment["SWARMFS_SOAK"] == nil ? 20 : 200
    /// Long enough for some rounds to get into the commits, two seconds after a write.
    private static let longest = 2.5

    @Test func `readers compare all the while`() throws {
        try TestBed.run(limit: Double(60 + 10 * Self.kills)) { bed in
            let options = ["--cache-size", "24M", "--cache-free", "0"]
            let first = try MountedDataset(
                .large(40_000_000), in: bed, seed: 21, pieceLength: 131_072, options: options)
            var random = SplitMix64(state: 21)
            var mount = first.mount
            for _ in 0..<Self.kills {
                let readers = try [first.large, mount.path("dataset/small.bin")].map { path in
                    let source = first.data.parent + path.dropFirst(mount.mountpoint.count)
                    return try ChildProcess(["cmp", path, source])
                }
                // A moment, not an event: none of the process's states is to be spared.
                let part = Double.random(in: 0...1, using: &random)
                Thread.sleep(forTimeInterval: Self.longest * part * part * part)
                try mount.killProcess()
                for reader in readers {
                    // 0: equal; 2: the mount was gone. 1 would be a wrong byte.
                    #expect([0, 2].contains(try reader.wait().exitCode))
                }
                mount = try bed.mount(
                    [first.torrent.path], at: mount.mountpoint, options: options,
                    peers: [first.seeder.address])
            }
            #expect(FileComparison.differences(first.data, in: mount.mountpoint) == [])
        }
    }
}
