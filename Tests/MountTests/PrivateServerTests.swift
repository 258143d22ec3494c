import RealClients
import Testing

/// A torrent from the internet must not make us ask hosts of our own network; who has a tracker
/// there is told how to say so.
@Suite("Trackers in the private network", .realClients)
struct PrivateServerTests {
    private static func mount(
        _ bed: TestBed, _ source: String, options: [String] = []
    ) throws -> (result: ChildProcess.Result, mountpoint: String) {
        let mountpoint = try bed.newFolder("mount")
        let arguments = ["mount", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0"]
        let result = try bed.swarmfs.run(arguments + options + [source, mountpoint])
        bed.atEnd { _ = try? bed.swarmfs.run(["unmount", mountpoint]) }
        return (result, mountpoint)
    }

    @Test func `a .torrent file that names one mounts, with a line that names the option`() throws {
        try TestBed.run { bed in
            let tracker = try bed.recordingTracker()
            let torrent = try bed.torrent(
                of: try bed.dataset(.mixed), trackers: [tracker.url])
            let (result, mountpoint) = try Self.mount(bed, torrent.path)
            #expect(result.exitCode == 0)
            let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("swarmfs: ") }
            #expect(lines.count == 1 && lines[0].contains(tracker.url), "\(result.errors)")
            #expect(lines.first?.contains("--local-urls") ?? false)
            try bed.swarmfs.run(["unmount", mountpoint])
            #expect(try tracker.announces().isEmpty)

            let allowed = try Self.mount(bed, torrent.path, options: ["--local-urls"])
            #expect(!allowed.result.errors.contains("--local-urls"))
            try tracker.wait { $0.event == "started" }
        }
    }

    @Test func `a magnet link that names no other fails with a line that names the option`() throws
    {
        try TestBed.run { bed in
            let tracker = try bed.recordingTracker()
            let torrent = try bed.torrent(of: try bed.dataset(.mixed))
            let (result, _) = try Self.mount(
                bed, torrent.magnet(trackers: [tracker.url]), options: ["--wait-timeout", "3s"])
            #expect(result.exitCode == 4)
            let line = result.errors.split(separator: "\n").last { $0.hasPrefix("swarmfs: ") }
            #expect(line?.contains(tracker.url) ?? false, "\(result.errors)")
            #expect(line?.contains("--local-urls") ?? false, "\(result.errors)")
            #expect(try tracker.announces().isEmpty)
        }
    }
}
