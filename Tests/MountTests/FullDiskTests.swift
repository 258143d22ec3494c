import Foundation
import Glibc
import RealClients
import Testing

/// A disk of so many bytes at a folder, in memory; only root can make one.
private struct SmallDisk {
    static let isAllowed = geteuid() == 0

    let path: String

    init(bytes: Int, at path: String, in bed: TestBed) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try ChildProcess.output(of: [
            "mount", "-t", "tmpfs", "-o", "size=\(bytes),mode=700", "tmpfs", path,
        ])
        bed.atEnd { _ = try? ChildProcess.output(of: ["umount", "--lazy", path]) }
    }

    /// Another program takes all that is free; its file.
    @discardableResult
    func fill() throws -> String {
        let file = path + "/other"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RealClientError("open \(file): \(errno)") }
        defer { close(descriptor) }
        for count in [65_536, 4096, 1] {
            let bytes = [UInt8](repeating: 1, count: count)
            while write(descriptor, bytes, count) == count {}
        }
        return file
    }
}

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
