import Foundation
import RealClients
import Testing

@Suite("Reads that wait", .realClients)
struct WaitingTests {
    /// A mount without any peer.
    private func lonely(_ bed: TestBed, options: [String] = []) throws -> (Mount, Dataset) {
        let data = try bed.dataset(.large(8_000_000))
        let torrent = try bed.torrent(of: data)
        return (try bed.mount([torrent.path], options: options), data)
    }

    private func reader(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess(PythonScript.reader.command + arguments)
    }

    @Test func `Ctrl-C reaches a reader that handles it`() throws {
        try TestBed.run { bed in
            let (mount, _) = try lonely(bed)
            let reader = try reader(["interruptible", mount.path("dataset/large.bin")])
            try reader.waitForLine(containing: "reading")
            try mount.wait(for: "the read") { $0.waitingReads > 0 }
            reader.signal(SIGINT)
            let result = try reader.wait()
            #expect(result.output.hasSuffix("interrupted\n"), "\(result)")
            try mount.wait(for: "no read to wait") { $0.waitingReads == 0 }
        }
    }

    @Test func `Ctrl-C ends a reader that has waited for long`() throws {
        try TestBed.run { bed in
            let (mount, _) = try lonely(bed)
            let reader = try reader(["interruptible", mount.path("dataset/large.bin")])
            try reader.waitForLine(containing: "reading")
            try mount.wait(for: "the read") { $0.waitingReads > 0 }
            // Nothing tells that the kernel has retried; past the grace it has.
            sleep(4)
            #expect(!reader.hasEnded)
            reader.signal(SIGINT)
            #expect(try reader.wait().output.hasSuffix("interrupted\n"))
        }
    }

    @Test func `SIGTERM ends a waiting reader`() throws {
        try TestBed.run { bed in
            let (mount, _) = try lonely(bed)
            let reader = try ChildProcess(["cat", mount.path("dataset/large.bin")])
            try mount.wait(for: "the read") { $0.waitingReads > 0 }
            reader.signal(SIGTERM)
            #expect(try reader.wait().ending == .signalled(SIGTERM))
        }
    }

    @Test func `a read without data fails after the read time-out, with a reason in the log`()
        throws
    {
        try TestBed.run { bed in
            let (mount, _) = try lonely(bed, options: ["--read-timeout", "3"])
            let reader = try reader(["interruptible", mount.path("dataset/large.bin")])
            let result = try reader.wait()
            #expect(result.output == "reading\nfailed \(EIO)\n")
            // The engine says why on a thread of its own.
            try Deadline().wait(for: "the reason in the log") {
                bed.swarmfs.log.lowercased().contains("no peer")
            }
            let log = bed.swarmfs.log.lowercased()
            #expect(log.contains("large.bin") || log.contains("piece"))
        }
    }

    @Test func `200 waiting readers stop neither listings nor cached reads`() throws {
        try TestBed.run { bed in
            let mounted = try MountedDataset(.large(30_000_000), in: bed, seed: 2)
            let small = mounted.mount.path("dataset/small.bin")
            _ = try FileComparison.read(small, at: 0, length: 5000)
            mounted.seeder.end()
            try mounted.mount.wait(for: "the seeder to be gone") { $0.peers == 0 }
            try ChildProcess.output(of: ["sync"])

            let crowd = try reader(["crowd", mounted.large, "200", "4096"])
            try crowd.waitForLine(containing: "reading")
            try mounted.mount.wait(for: "many waiting reads") { $0.waitingReads >= 100 }
            for _ in 0..<20 {
                let listing = try ChildProcess.output(
                    of: ["ls", "-la", mounted.mount.path("dataset")])
                #expect(listing.contains("large.bin"))
                let bytes = try FileComparison.read(small, at: 0, length: 5000)
                #expect(bytes.count == 5000)
            }
            #expect(!crowd.hasEnded)

            // Data comes back: everyone is served.
            let seeder = try bed.libtorrent(
                source: mounted.torrent.path, folder: mounted.data.parent, isSeed: true,
                peers: [mounted.mount.address])
            let result = try crowd.wait()
            #expect(!seeder.process.hasEnded)
            let read = result.output.split(separator: "\n").filter { $0.hasPrefix("read ") }
            #expect(read.count == 200, "\(result)")
            #expect(read.allSatisfy { $0.hasSuffix(" 4096") })
        }
    }

    @Test func `a waiting read goes on when a peer arrives`() throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(2_000_000), seed: 3)
            let torrent = try bed.torrent(of: data)
            let mount = try bed.mount([torrent.path])
            let reader = try reader(["digest", mount.path("dataset/large.bin")])
            try mount.wait(for: "the read") { $0.waitingReads > 0 }
            _ = try bed.libtorrent(
                source: torrent.path, folder: data.parent, isSeed: true, peers: [mount.address])
            let source = try ChildProcess.output(
                of: ["sha256sum", data.parent + "/dataset/large.bin"])
            #expect(try reader.wait().output.dropLast() == source.prefix(64))
        }
    }
}
