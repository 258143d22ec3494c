import Foundation
import Glibc
import RealClients
import Testing

@Suite("A mount whose cache lies on a full disk", .realClients, .enabled(if: SmallDisk.isAllowed))
struct FullDiskTests {
    private static let options = ["--cache-free", "0"]

    @Test func `reads all of a pinned dataset, and makes room again when it is let go`() throws {
        try TestBed.run { bed in
            _ = try SmallDisk(bytes: 24 << 20, at: bed.swarmfs.cache, in: bed)
            let first = try MountedDataset(
                .large(60_000_000), in: bed, seed: 61, options: Self.options)
            let pin = try bed.swarmfs.run(["pin", "--no-prefetch", first.mount.mountpoint])
            #expect(pin.exitCode == 0, "\(pin.errors)")
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try Deadline().wait(for: "the status to say that the disk is full") {
                try first.mount.report().cache.isFull
            }
            #expect(bed.swarmfs.log.contains("served from memory until there is room"))
            let unpin = try bed.swarmfs.run(["unpin", first.mount.mountpoint])
            #expect(unpin.exitCode == 0, "\(unpin.errors)")
            try Deadline().wait(for: "what is in memory to be written") {
                try !first.mount.report().cache.isFull
            }
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            #expect(try !first.mount.report().cache.isFull)
            try first.mount.end()
        }
    }

    @Test func `serves what is cached when another program has taken all the rest`() throws {
        try TestBed.run { bed in
            let disk = try SmallDisk(bytes: 24 << 20, at: bed.swarmfs.cache, in: bed)
            let first = try MountedDataset(
                .large(12_000_000), in: bed, seed: 62, options: Self.options)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            let other = try disk.fill()
            // A torrent that the cache knows, whole, and then one that is new to it.
            let second = try bed.mount(
                [first.torrent.path], options: Self.options, peers: [first.seeder.address])
            #expect(try second.torrent().cachedBytes > 11_000_000)
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
            #expect(try second.torrent().downloaded == 0)
            try second.end()
            let third = try MountedDataset(
                .large(12_000_001), in: bed, seed: 63, options: Self.options)
            #expect(FileComparison.differences(third.data, in: third.mount.mountpoint) == [])
            try third.mount.end()
            #expect(unlink(other) == 0)
        }
    }
}
