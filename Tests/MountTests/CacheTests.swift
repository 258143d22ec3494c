import Foundation
import RealClients
import Testing

@Suite("What is cached stays", .realClients)
struct CacheTests {
    @Test func `a second mount reads the cached data without any peer`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.mixed, in: bed)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            first.seeder.end()
            let second = try bed.mount([first.torrent.path])
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
            let status = try second.torrent()
            #expect(status.piecesCached == first.torrent.pieceCount)
            #expect(status.downloaded == 0)
        }
    }

    @Test func `without passthrough what is cached reads the same, and the status says so`() throws
    {
        try TestBed.run { bed in
            let first = try MountedDataset(.mixed, in: bed, seed: 5, options: ["--no-passthrough"])
            #expect(try first.mount.report().passthrough == "off")
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            let second = try bed.mount([first.torrent.path], options: ["--no-passthrough"])
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
            try second.end()
            let third = try bed.mount([first.torrent.path])
            #expect(
                ["on", "unsupported", "not_permitted"].contains(try third.report().passthrough))
        }
    }

    @Test func `a bare infohash that the cache knows mounts without any peer`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.mixed, in: bed, seed: 2)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.end()
            first.seeder.end()
            let infohash = try #require(first.torrent.infohash)
            let second = try bed.mount([infohash])
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
        }
    }

    @Test func `a killed mount is replaced and its cached data is still there`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(6_000_000), in: bed, seed: 3)
            let early = try FileComparison.read(first.large, at: 0, length: 1_000_000)
            // What is synced counts after a crash; the catalogue says what that is.
            try first.mount.wait(for: "cached pieces") { $0.piecesCached >= 15 }
            try first.mount.end()
            first.seeder.end()

            let second = try bed.mount([first.torrent.path], at: first.mount.mountpoint)
            let cached = try second.torrent().piecesCached
            try second.killProcess()
            #expect(MountTable.entry(at: second.mountpoint) != nil)

            let third = try bed.mount([first.torrent.path], at: first.mount.mountpoint)
            #expect(try third.torrent().piecesCached == cached)
            let again = try FileComparison.read(
                third.path("dataset/large.bin"), at: 0, length: 1_000_000)
            #expect(again == early)
            #expect(MountTable.entries(below: third.mountpoint).count == 1)
        }
    }

    @Test func `a mount that is killed while it downloads loses nothing that it had synced`()
        throws
    {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(40_000_000), in: bed, seed: 4)
            let reader = try ChildProcess(["cat", first.large])
            try first.mount.wait(for: "a good part") { $0.piecesCached >= 100 }
            try first.mount.killProcess()
            _ = try reader.wait()
            // The seeder is still there: what was not synced is simply fetched again.
            let second = try bed.mount(
                [first.torrent.path], at: first.mount.mountpoint, peers: [first.seeder.address])
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
        }
    }

    @Test func `damage in the cache of a killed mount is never served`() throws {
        try TestBed.run { bed in
            let first = try MountedDataset(.large(3_000_000), in: bed, seed: 5)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            try first.mount.killProcess()
            let second = try bed.mount(
                [first.torrent.path], at: first.mount.mountpoint, peers: [first.seeder.address])
            #expect(FileComparison.differences(first.data, in: second.mountpoint) == [])
        }
    }
}
