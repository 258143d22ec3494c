import Foundation
import RealClients
import Testing

/// Each failure: one line on standard error, the right exit code, nothing left behind.
@Suite("What cannot be mounted", .realClients)
struct RefusalTests {
    private func expectRefusal(
        _ bed: TestBed, exitCode: Int32, naming words: [String], _ sources: [String],
        at mountpoint: String, options: [String] = [],
        location: SourceLocation = #_sourceLocation
    ) throws {
        let arguments = ["mount", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0"]
        let result = try bed.swarmfs.run(
            arguments + options + sources + [mountpoint])
        #expect(result.exitCode == exitCode, "\(result)", sourceLocation: location)
        // A foreground command may say on standard output what it does; errors are one line.
        let lines = result.errors.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 2 && lines.last == "", "\(result)", sourceLocation: location)
        for word in words {
            #expect(result.errors.contains(word), "\(result)", sourceLocation: location)
        }
        #expect(
            MountTable.entry(at: mountpoint)?.type != "fuse.swarmfs", sourceLocation: location)
        #expect(bed.swarmfs.processes() == [], sourceLocation: location)
    }

    private func torrent(_ bed: TestBed) throws -> String {
        try bed.torrent(of: try bed.dataset(.mixed)).path
    }

    @Test func `a torrent that is no torrent`() throws {
        try TestBed.run { bed in
            let mountpoint = try bed.newFolder("mount")
            let file = bed.folder.path("no.torrent")
            for text in ["", "hello", "d4:infoi1ee", "d8:announce3:urle"] {
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                try expectRefusal(
                    bed, exitCode: 3, naming: ["no.torrent"], [file], at: mountpoint)
            }
        }
    }

    @Test(arguments: [
        "magnet:?dn=nothing", "0123456789abcdef", "nowhere.torrent",
        "magnet:?xt=urn:btih:zz", "ftp://127.0.0.1/x.torrent",
    ])
    func `a source that is not understood`(source: String) throws {
        try TestBed.run { bed in
            try expectRefusal(
                bed, exitCode: 3, naming: [source], [source], at: try bed.newFolder("mount"))
        }
    }

    @Test func `a mountpoint that does not exist`() throws {
        try TestBed.run { bed in
            let mountpoint = bed.folder.path("nowhere")
            try expectRefusal(
                bed, exitCode: 5, naming: [mountpoint], [try torrent(bed)], at: mountpoint)
        }
    }

    @Test func `a mountpoint that is a file`() throws {
        try TestBed.run { bed in
            let mountpoint = bed.folder.path("file")
            try "".write(toFile: mountpoint, atomically: true, encoding: .utf8)
            try expectRefusal(
                bed, exitCode: 5, naming: [mountpoint], [try torrent(bed)], at: mountpoint)
        }
    }

    @Test func `a mountpoint that is not empty`() throws {
        try TestBed.run { bed in
            let mountpoint = try bed.newFolder("mount")
            let file = mountpoint + "/precious"
            try "x".write(toFile: file, atomically: true, encoding: .utf8)
            try expectRefusal(
                bed, exitCode: 5, naming: [mountpoint], [try torrent(bed)], at: mountpoint)
            #expect(FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func `a mountpoint that is mounted already`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.mixed, in: bed)
            let mountpoint = mounted.mount.mountpoint
            let result = try bed.swarmfs.run([
                "mount", "--cache", bed.folder.path("other-cache"), "--listen", "127.0.0.1:0",
                mounted.torrent.path, mountpoint,
            ])
            #expect(result.exitCode == 5, "\(result)")
            #expect(result.errors.contains(mountpoint))
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(FileComparison.differences(mounted.data, in: mountpoint) == [])
            #expect(MountTable.entries(below: mountpoint).count == 1)
        }
    }

    @Test func `a port in use`() throws {
        try TestBed.run { bed in
            let taken = try FreePort.occupied()
            defer { close(taken.descriptor) }
            try expectRefusal(
                bed, exitCode: 1, naming: [String(taken.port)], [try torrent(bed)],
                at: try bed.newFolder("mount"),
                options: ["--listen", "127.0.0.1:\(taken.port)"])
        }
    }

    @Test func `a cache that is a file`() throws {
        try TestBed.run { bed in
            let file = bed.folder.path("file")
            try "".write(toFile: file, atomically: true, encoding: .utf8)
            try expectRefusal(
                bed, exitCode: 6, naming: [file], [try torrent(bed)],
                at: try bed.newFolder("mount"), options: ["--cache", file])
        }
    }

    @Test func `a cache directory whose catalogue is something else`() throws {
        try TestBed.run { bed in
            let folder = try bed.newFolder("foreign")
            let catalogue = folder + "/catalogue.sqlite"
            try String(repeating: "not a database ", count: 500)
                .write(toFile: catalogue, atomically: true, encoding: .utf8)
            try expectRefusal(
                bed, exitCode: 6, naming: [folder], [try torrent(bed)],
                at: try bed.newFolder("mount"), options: ["--cache", folder])
            let text = try String(contentsOfFile: catalogue, encoding: .utf8)
            #expect(text.hasPrefix("not a database"))
        }
    }

    @Test func `a torrent whose cache another mount holds`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.mixed, in: bed)
            let result = try bed.swarmfs.run([
                "mount", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0",
                mounted.torrent.path, try bed.newFolder("second"),
            ])
            #expect(result.exitCode == 6, "\(result)")
            #expect(result.errors.contains(String(mounted.mount.pid)))
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test(arguments: [
        ["mount"], ["mount", "only-one"], ["mount", "--no-such-option", "a", "b"], ["frobnicate"],
        ["mount", "--peer", "nonsense", "a", "b"], ["mount", "--read-timeout", "soon", "a", "b"],
    ])
    func `a bad command line`(arguments: [String]) throws {
        try TestBed.run { bed in
            let result = try bed.swarmfs.run(arguments)
            #expect(result.exitCode == 2, "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `no FUSE device`() throws {
        try TestBed.run { bed in
            let empty = bed.folder.path("null")
            try "".write(toFile: empty, atomically: true, encoding: .utf8)
            let mountpoint = try bed.newFolder("mount")
            // In a mount namespace of its own, where the device is hidden under a plain file.
            let script = "mount --bind \"$1\" /dev/fuse && shift && exec \"$@\""
            let result = try ChildProcess.run(
                [
                    "unshare", "--mount", "sh", "-c", script, "sh", empty, Swarmfs.executable,
                    "mount", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0",
                    try torrent(bed), mountpoint,
                ], environment: bed.swarmfs.environment)
            guard !result.errors.contains("unshare") else { return }
            #expect(result.exitCode == 5, "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
            #expect(result.errors.contains("/dev/fuse"))
            #expect(bed.swarmfs.processes() == [])
        }
    }
}
