import RealClients
import Testing

@Suite("The mounted tree", .realClients)
struct TreeTests {
    @Test func `modes, owner, times and links are as promised`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixedWithLinks)
            let torrent = try bed.torrent(of: data, version: .hybrid, pieceLength: 32_768)
            let mount = try bed.mount([torrent.path])
            func stat(_ name: String) throws -> [String] {
                try ChildProcess.output(
                    of: ["stat", "--format=%a %u %Y %F", mount.path("dataset/" + name)]
                ).dropLast().split(separator: " ", maxSplits: 3).map(String.init)
            }
            let user = try ChildProcess.output(of: ["id", "-u"]).dropLast()
            let date = "1700000000"
            #expect(try stat("README.txt") == ["444", String(user), date, "regular file"])
            #expect(try stat("tools/run.sh") == ["555", String(user), date, "regular file"])
            #expect(try stat("train") == ["555", String(user), date, "directory"])
            #expect(try stat("empty") == ["444", String(user), date, "regular empty file"])
            #expect(
                try ChildProcess.output(of: ["readlink", mount.path("dataset/latest")])
                    == "train/part-0001.bin\n")
            let entries = try ChildProcess.output(of: ["find", mount.mountpoint, "-mindepth", "1"])
            #expect(!entries.contains(".pad"))
        }
    }

    @Test func `inodes and times are the same in the next mount`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 2)
            let torrent = try bed.torrent(of: data)
            let command = ["find", ".", "-printf", "%P %i %T@ %s %m\n"]
            var mount = try bed.mount([torrent.path])
            let first = try ChildProcess.output(of: command, folder: mount.path("dataset"))
            try mount.end()
            mount = try bed.mount([torrent.path])
            let second = try ChildProcess.output(of: command, folder: mount.path("dataset"))
            #expect(first == second)
            let inodes = Set(
                first.split(separator: "\n").compactMap {
                    $0.split(separator: " ").dropLast(3).last
                })
            #expect(inodes.count == first.split(separator: "\n").count)
        }
    }

    @Test func `everything that writes fails because the filesystem is read-only`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 3)
            let mount = try bed.mount([try bed.torrent(of: data).path])
            let file = mount.path("dataset/README.txt")
            let commands = [
                ["touch", mount.path("dataset/new")], ["mkdir", mount.path("dataset/new")],
                ["rm", "-f", file], ["mv", file, file + "2"], ["truncate", "--size=1", file],
                ["chmod", "600", file], ["ln", "-s", "x", mount.path("dataset/link")],
                ["setfattr", "-n", "user.x", "-v", "1", file], ["touch", file],
            ]
            for command in commands {
                let result = try ChildProcess.run(command, environment: ["LC_ALL": "C"])
                #expect(result.exitCode != 0, "\(command)")
                #expect(result.errors.contains("Read-only file system"), "\(command)")
            }
        }
    }

    @Test func `blocks and attributes tell what is cached`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(3_000_000), in: bed, seed: 4)
            func blocks() throws -> Int {
                let text = try ChildProcess.output(of: ["stat", "--format=%b", mounted.large])
                return Int(text.dropLast()) ?? -1
            }
            func attribute(_ name: String) throws -> String {
                try ChildProcess.output(of: [
                    "getfattr", "--absolute-names", "--only-values", "-n",
                    "user.swarmfs." + name, mounted.large,
                ])
            }
            #expect(try blocks() == 0)
            #expect(try attribute("infohash") == mounted.torrent.infohash)
            #expect(try attribute("size") == "3000000")
            #expect(try attribute("cached") == "0")
            #expect(FileComparison.difference(mounted.large, mounted.largeSource) == nil)
            // The last piece may still be on its way from memory to the disk.
            try mounted.mount.wait(for: "the last piece on disk") {
                $0.piecesCached == mounted.torrent.pieceCount
            }
            #expect(try attribute("cached") == "3000000")
            let pieces = try attribute("pieces")
            #expect(!pieces.isEmpty)
            let listed = try ChildProcess.output(
                of: ["getfattr", "--absolute-names", "-d", mounted.large])
            for name in ["infohash", "size", "cached", "pieces"] {
                #expect(listed.contains("user.swarmfs.\(name)="))
            }
        }
    }

    @Test func `a listing of 100,000 files is complete and right`() throws {
        try TestBed.run(limit: 400) { bed in
            let data = try bed.dataset(.many(100_000), seed: 5)
            let torrent = try bed.torrent(of: data, pieceLength: 262_144)
            let mount = try bed.mount([torrent.path])
            // A scan of all files for each lookup would take hours.
            let listing = try ChildProcess.output(
                of: ["ls", "-lR", mount.mountpoint], seconds: 300)
            let lines = listing.split(separator: "\n").filter { $0.hasPrefix("-r--r--r--") }
            #expect(lines.count == 100_000)
            #expect(lines.allSatisfy { $0.contains(" 12 ") })
        }
    }

    @Test func `two torrents of the same name are both there`() throws {
        try TestBed.run { bed in
            let first = try bed.torrent(of: try bed.dataset(.mixed, seed: 6))
            let second = try bed.torrent(of: try bed.dataset(.mixed, seed: 7))
            let mount = try bed.mount([first.path, second.path])
            let names = Set(
                try ChildProcess.output(of: ["ls", mount.mountpoint]).split(separator: "\n")
                    .map(String.init))
            let prefixes = [first.infohash, second.infohash].compactMap { $0?.prefix(8) }
            #expect(names.count == 2)
            #expect(names.contains { name in prefixes.contains { name.hasSuffix($0) } })
        }
    }

    @Test func `statfs tells the size of the data and that it is read-only`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(3_000_000), seed: 8)
            let mount = try bed.mount([try bed.torrent(of: data).path])
            let fields = try ChildProcess.output(
                of: ["stat", "--file-system", "--format=%S %b", mount.mountpoint]
            ).dropLast().split(separator: " ").compactMap { Int($0) }
            let size = fields.reduce(1, *)
            #expect(size >= data.totalSize && size < data.totalSize + 1_000_000)
            #expect(MountTable.entry(at: mount.mountpoint)?.options.contains("ro") == true)
            #expect(MountTable.entry(at: mount.mountpoint)?.type == "fuse.swarmfs")
        }
    }
}
