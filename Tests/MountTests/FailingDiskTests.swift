import Foundation
import RealClients
import Testing

@Suite("A mount whose disk fails serves the right bytes, then and afterwards", .realClients)
struct FailingDiskTests {
    @Test(arguments: [("/files/", 5), ("/files/", 2), ("catalogue.sqlite", 3)])
    func `writes and syncs end with EIO`(part: String, every: Int) throws {
        try TestBed.run { bed in
            let data = try bed.dataset(.large(12_000_000), seed: 81)
            let torrent = try bed.torrent(of: data)
            let seeder = try bed.seeder(.libtorrent, torrent, data)
            let folder = try bed.newFolder("failing")
            let failing = bed.swarmfs.failingDisk(
                part, every: every, when: folder + "/now", log: folder + "/disk.log")
            let first = try bed.mount([torrent.path], peers: [seeder.address], with: failing)
            #expect(FileManager.default.createFile(atPath: folder + "/now", contents: nil))
            #expect(FileComparison.differences(data, in: first.mountpoint) == [])
            try Deadline().wait(for: "the log to name the failure") {
                let log = bed.swarmfs.log
                return log.contains("Input/output error") || log.contains("disk I/O error")
            }
            #expect(FileComparison.differences(data, in: first.mountpoint) == [])
            try first.end()

            let second = try bed.mount([torrent.path], peers: [seeder.address])
            #expect(FileComparison.differences(data, in: second.mountpoint) == [])
            let verify = try bed.swarmfs.run(["verify", second.mountpoint])
            #expect(verify.exitCode == 0, "\(verify.output)\(verify.errors)")
            try second.end()
        }
    }
}
