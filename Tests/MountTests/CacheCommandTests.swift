import Foundation
import RealClients
import Testing

@Suite("swarmfs cache with real mounts", .realClients)
struct CacheCommandTests {
    private struct Report: Decodable {
        struct Torrent: Decodable {
            let infohash: String
            let name: String
            let size: Int64
            let disk_bytes: Int64
            let pieces: Int
            let pieces_cached: Int
            let pid: Int32?
            let mountpoint: String?
        }

        let directory: String
        let torrents: [Torrent]
    }

    private func list(_ bed: TestBed) throws -> [Report.Torrent] {
        let run = try bed.swarmfs.run(["cache", "list", "--json", "--cache", bed.swarmfs.cache])
        #expect(run.exitCode == 0, "\(run.errors)")
        return try JSONDecoder().decode(Report.self, from: Data(run.output.utf8)).torrents
    }

    @Test func `a torrent is listed, refused while it is mounted, removed and fetched again`()
        throws
    {
        try TestBed.run { bed in
            let first = try MountedDataset(.mixed, in: bed, seed: 21)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            let mounted = try #require(try list(bed).first)
            #expect(mounted.pid == first.mount.pid)
            #expect(mounted.mountpoint == first.mount.mountpoint)
            let infohash = try #require(first.torrent.infohash)
            #expect(mounted.infohash == infohash)

            let remove = ["cache", "remove", "--cache", bed.swarmfs.cache]
            let refused = try bed.swarmfs.run(remove + [infohash])
            #expect(refused.exitCode == 1)
            #expect(
                refused.errors.contains(
                    "in use by process \(first.mount.pid), mounted at \(first.mount.mountpoint)"))
            let elsewhere = try bed.newFolder("mount")
            let second = try bed.swarmfs.run([
                "mount", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0",
                first.torrent.path, elsewhere,
            ])
            #expect(second.exitCode == 6)
            #expect(second.errors.contains("mounted at \(first.mount.mountpoint)"))

            try first.mount.end()
            let idle = try #require(try list(bed).first)
            #expect(idle.pid == nil)
            #expect(idle.pieces_cached == first.torrent.pieceCount)
            #expect(idle.disk_bytes >= idle.size)
            let shown = try bed.swarmfs.run([
                "cache", "show", String(infohash.prefix(8)), "--cache", bed.swarmfs.cache,
            ])
            #expect(shown.output.contains("infohash     \(infohash)\n"))
            let removed = try bed.swarmfs.run(remove + [idle.name])
            #expect(removed.exitCode == 0, "\(removed.errors)")
            #expect(try list(bed).isEmpty)

            let again = try bed.mount([first.torrent.path], peers: [first.seeder.address])
            #expect(try again.torrent().piecesCached == 0)
            #expect(FileComparison.differences(first.data, in: again.mountpoint) == [])
        }
    }

    @Test func `files of a mount, torrents and the oldest data are evicted, and come back`() throws
    {
        struct Evicted: Decodable {
            let bytes: Int64
            let pieces: Int?
            let pieces_kept: Int?
            let disk_bytes: Int64?
        }
        try TestBed.run { bed in
            let first = try MountedDataset(.large(2_000_000), in: bed, seed: 22)
            #expect(FileComparison.differences(first.data, in: first.mount.mountpoint) == [])
            func evict(_ arguments: String...) throws -> Evicted {
                let run = try bed.swarmfs.run(
                    ["cache", "evict", "--json", "--cache", bed.swarmfs.cache] + arguments)
                #expect(run.exitCode == 0, "\(run.errors)")
                return try JSONDecoder().decode(Evicted.self, from: Data(run.output.utf8))
            }
            let before = try first.mount.torrent()
            #expect(before.piecesCached == first.torrent.pieceCount)
            let file = try evict(first.large)
            #expect(file.pieces ?? 0 > 0)
            #expect(file.bytes > 0)
            let part = try first.mount.torrent()
            #expect(part.piecesCached == first.torrent.pieceCount - (file.pieces ?? 0))
            // The mount has the torrent: its process does it.
            let infohash = try #require(first.torrent.infohash)
            let rest = try evict(infohash)
            #expect(rest.pieces == part.piecesCached)
            #expect(try first.mount.torrent().piecesCached == 0)
            try first.mount.end()
            let again = try bed.mount([first.torrent.path], peers: [first.seeder.address])
            #expect(FileComparison.differences(first.data, in: again.mountpoint) == [])
            try again.end()
            let size = try #require(try list(bed).first).disk_bytes
            let shrunk = try evict("--to", "\(size / 2)")
            #expect(try #require(shrunk.disk_bytes) <= size / 2)
            #expect(try #require(try list(bed).first).disk_bytes == shrunk.disk_bytes)
            let usage = try bed.swarmfs.run(["cache", "evict", "--cache", bed.swarmfs.cache])
            #expect(usage.exitCode == 2)
        }
    }
}
