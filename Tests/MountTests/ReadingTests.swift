import Dispatch
import Foundation
import RealClients
import Testing

@Suite("Reading a mount", .realClients)
struct ReadingTests {
    @Test func `parallel readers see the source's bytes at any offset and length`() throws {
        try TestBed.run { bed in
            let size = 20_000_003
            let mounted = try MountedDataset(
                .large(size), in: bed, seed: 1, pieceLength: 131_072)
            let source = try FileComparison.read(mounted.largeSource, at: 0, length: size)
            let path = mounted.large
            let wrong = Collected<String>()
            DispatchQueue.concurrentPerform(iterations: 8) { reader in
                var generator = SplitMix64(state: UInt64(reader))
                for _ in 0..<60 {
                    let offset = Int.random(in: 0..<size + 10, using: &generator)
                    let length = Int.random(in: 1...300_000, using: &generator)
                    let end = min(size, offset + length)
                    let expected = offset < end ? source[offset..<end] : []
                    do {
                        let bytes = try FileComparison.read(path, at: offset, length: length)
                        if bytes[...] != expected { wrong.add("\(offset), \(length)") }
                    } catch {
                        wrong.add("\(offset), \(length): \(error)")
                    }
                }
            }
            #expect(wrong.all == [])
        }
    }

    @Test func `many reads at once keep to the memory of the option`() throws {
        try TestBed.run { bed in
            let pieces = 64
            let mounted = try MountedDataset(
                .large(pieces << 20), in: bed, seed: 5, pieceLength: 1 << 20,
                options: ["--memory", "4MiB"])
            func peak() throws -> Int {
                let status = try String(
                    contentsOfFile: "/proc/\(mounted.mount.pid)/status", encoding: .utf8)
                let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
                let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" })
                return try #require(kilobytes.flatMap { Int($0[1]) }) >> 10
            }
            let before = try peak()
            let (path, source) = (mounted.large, mounted.largeSource)
            let wrong = Collected<String>()
            let group = DispatchGroup()
            for piece in 0..<pieces {
                group.enter()
                Foundation.Thread {
                    defer { group.leave() }
                    do {
                        let bytes = try FileComparison.read(path, at: piece << 20, length: 5_000)
                        let right = try FileComparison.read(source, at: piece << 20, length: 5_000)
                        if bytes != right { wrong.add("piece \(piece)") }
                    } catch {
                        wrong.add("piece \(piece): \(error)")
                    }
                }.start()
            }
            #expect(group.wait(timeout: .now() + Deadline.generous) == .success)
            #expect(wrong.all == [])
            // All pieces together are 64 MiB; half of that is more than the program's own needs.
            let growth = try peak() - before
            #expect(growth < 32, "MiB")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "to be another user needs root"), arguments: [true, false])
    func `other users read the mount where --allow-other lets them`(isAllowed: Bool) throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(
                .large(100_000), in: bed, options: isAllowed ? ["--allow-other"] : [])
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            let result = try ChildProcess.run(nobody + ["cmp", mounted.large, mounted.largeSource])
            #expect((result.exitCode == 0) == isAllowed, "\(result.errors)")
            #expect(isAllowed || result.errors.contains("Permission denied"), "\(result.errors)")
        }
    }

    @Test func `memory-mapped readers see the source's bytes`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(5_000_001), in: bed, seed: 2)
            let readers = try (0..<4).map { seed in
                try ChildProcess(
                    PythonScript.reader.command
                        + ["mmap", mounted.large, mounted.largeSource, String(seed)])
            }
            for reader in readers {
                let result = try reader.wait()
                #expect(result.output == "equal\n", "\(result.errors)")
            }
        }
    }

    @Test func `numpy.memmap sees the source's bytes`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(5_000_001), in: bed, seed: 3)
            let result = try ChildProcess.run(
                PythonScript.reader.command
                    + ["memmap", mounted.large, mounted.largeSource, "1"])
            #expect(result.output == "equal\n", "\(result.errors)")
        }
    }

    @Test(arguments: TorrentFile.Version.allCases.filter { $0 != .v2 })
    func `cp -r, tar and sha256sum see the whole tree`(version: TorrentFile.Version) throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(
                .mixedWithLinks, in: bed, seed: 4, pieceLength: 32_768, version: version)
            let tree = mounted.mount.path("dataset")
            let copies = try bed.newFolder("copies")
            try ChildProcess.output(of: ["cp", "-r", "--preserve=links,mode", tree, copies])
            try ChildProcess.output(
                of: ["diff", "-r", "--no-dereference", mounted.data.path, copies + "/dataset"])

            let archive = copies + "/archive.tar"
            try ChildProcess.output(
                of: ["tar", "-cf", archive, "-C", mounted.mount.mountpoint, "dataset"])
            let unpacked = try bed.newFolder("unpacked")
            try ChildProcess.output(of: ["tar", "-xf", archive, "-C", unpacked])
            try ChildProcess.output(
                of: ["diff", "-r", "--no-dereference", mounted.data.path, unpacked + "/dataset"])

            let sums = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"
            let ours = try ChildProcess.output(of: ["sh", "-c", sums], folder: tree)
            let theirs = try ChildProcess.output(
                of: ["sh", "-c", sums], folder: mounted.data.path)
            #expect(ours == theirs)
        }
    }

    @Test func `a read that crosses the end is short and one behind it is empty`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(1_000_001), in: bed, seed: 5)
            #expect(try FileComparison.read(mounted.large, at: 1_000_000, length: 99).count == 1)
            #expect(try FileComparison.read(mounted.large, at: 1_000_001, length: 99) == [])
            #expect(try FileComparison.read(mounted.large, at: 9_000_000, length: 99) == [])
        }
    }

    @Test func `a damaged seeder's pieces are never served`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.singleFile(2_000_000), name: "one.bin", seed: 6)
            let torrent = try bed.torrent(of: data)
            let source = try FileComparison.read(data.path, at: 0, length: 2_000_000)
            // libtorrent in trusting mode sends what is on disk, whatever it is.
            let bad = try bed.newFolder("damaged")
            try ChildProcess.output(of: ["cp", data.path, bad])
            try ChildProcess.output(of: [
                "dd", "if=/dev/zero", "of=\(bad)/one.bin", "bs=1000", "seek=700", "count=3",
                "conv=notrunc", "status=none",
            ])
            let liar = try LibtorrentPeer(
                source: torrent.path, folder: bad, isSeed: true, isTrusting: true)
            bed.atEnd { liar.end() }
            let honest = try bed.seeder(.libtorrent, torrent, data)
            let mount = try bed.mount(
                [torrent.path], peers: [liar.address, honest.address])
            let bytes = try FileComparison.read(mount.path("one.bin"), at: 0, length: 2_000_000)
            #expect(bytes == source)
        }
    }
}
