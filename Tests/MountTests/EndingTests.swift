import Foundation
import RealClients
import Testing

@Suite("The end of a mount", .realClients)
struct EndingTests {
    @Test(arguments: Mount.Ending.allCases)
    func `every way to unmount ends the process and tells the tracker`(
        ending: Mount.Ending
    ) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let tracker = try bed.recordingTracker(peers: [seeder.address])
            let mount = try bed.mount([torrent.path], options: ["--tracker", tracker.url])
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try mount.end(by: ending) < Mount.endingLimit)
            #expect(try tracker.announces().last?.event == "stopped")
            #expect(bed.swarmfs.processes() == [])
            #expect(!FreePort.isListening(mount.listenPort))
            #expect(try bed.swarmfs.report().mounts.isEmpty)
        }
    }

    @Test(arguments: [Mount.Ending.unmountCommand, .sigterm, .sigint])
    func `a mount ends while reads wait, and they fail`(ending: Mount.Ending) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(4_000_000), seed: 2)
            let tracker = try bed.recordingTracker()
            let torrent = try bed.torrent(of: data)
            let mount = try bed.mount([torrent.path], options: ["--tracker", tracker.url])
            try tracker.wait { $0.event == "started" }
            let reader = try ChildProcess(
                PythonScript.reader.command + ["crowd", mount.path("dataset/large.bin"), "20", "9"])
            try mount.wait(for: "waiting reads") { $0.waitingReads > 0 }
            #expect(try mount.end(by: ending) < Mount.endingLimit)
            let lines = try reader.wait().output.split(separator: "\n")
            #expect(lines.filter { $0.hasPrefix("failed ") }.count == 20)
            #expect(try tracker.announces().map(\.event) == ["started", "stopped"])
            #expect(bed.swarmfs.processes() == [])
        }
    }

    @Test func `a disk that hangs does not hold up the end`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(4_000_000), seed: 7)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let folder = try bed.newFolder("hanging")
            let hanging = bed.swarmfs.hangingDisk(
                "/files/", when: folder + "/now", log: folder + "/disk.log")
            let mount = try bed.mount([torrent.path], peers: [seeder.address], with: hanging)
            #expect(FileManager.default.createFile(atPath: folder + "/now", contents: nil))
            #expect(FileComparison.differences(data, in: mount.mountpoint) == [])
            #expect(try mount.end() < Mount.endingLimit)
            #expect(MountTable.entry(at: mount.mountpoint) == nil)
            #expect(bed.swarmfs.processes() == [])
        }
    }

    @Test func `umount while reading fails as busy and the mount goes on`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(2_000_000), in: bed, seed: 3)
            let file = open(mounted.large, O_RDONLY)
            defer { close(file) }
            #expect(file >= 0)
            let result = try ChildProcess.run(["umount", mounted.mount.mountpoint])
            #expect(result.exitCode != 0)
            #expect(FileComparison.difference(mounted.large, mounted.largeSource) == nil)
        }
    }

    @Test func `after the end no connection is left at the seeder`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(2_000_000), in: bed, seed: 4)
            #expect(FileComparison.difference(mounted.large, mounted.largeSource) == nil)
            try mounted.mount.end()
            let child = mounted.seeder.process
            try child.waitForLine(containing: "\"disconnected\"")
        }
    }

    @Test func `a foreground mount ends with Ctrl-C and status 0`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 5)
            let torrent = try bed.torrent(of: data)
            let mountpoint = try bed.newFolder("mount")
            let child = try bed.swarmfs.start([
                "mount", "--foreground", "--cache", bed.swarmfs.cache, "--listen", "127.0.0.1:0",
                torrent.path, mountpoint,
            ])
            bed.atEnd { child.terminate() }
            try Deadline().wait(for: "the mount: \(child.transcript)") {
                MountTable.entry(at: mountpoint) != nil
                    && FileManager.default.fileExists(atPath: mountpoint + "/dataset")
            }
            #expect(!child.hasEnded)
            child.signal(SIGINT)
            #expect(try child.wait(seconds: Mount.endingLimit).exitCode == 0)
            #expect(MountTable.entry(at: mountpoint) == nil)
        }
    }

    @Test func `the background process holds neither terminal nor pipe`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.mixed, seed: 6)
            let torrent = try bed.torrent(of: data)
            let mountpoint = try bed.newFolder("mount")
            let child = try ChildProcess(
                [
                    Swarmfs.executable, "mount", "--cache", bed.swarmfs.cache, "--listen",
                    "127.0.0.1:0", torrent.path, mountpoint,
                ], environment: bed.swarmfs.environment, endsWithTest: false)
            #expect(try child.wait().exitCode == 0)
            #expect(child.waitForClosedOutput())
            let report = try bed.swarmfs.report(of: mountpoint)
            let pid = try #require(report.mounts.first?.pid)
            #expect(getsid(pid) != getsid(0))
            #expect(try bed.swarmfs.run(["unmount", mountpoint]).exitCode == 0)
        }
    }
}
