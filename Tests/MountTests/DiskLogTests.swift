import Foundation
import RealClients
import SimulatedDisk
import Testing

@Suite("The log of what programs do to their disk", .realClients)
struct DiskLogTests {
    /// The files of a folder, by name.
    private static func files(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0)))
            })
    }

    /// The files that a disk to which all of the log happens has.
    private static func recorded(_ log: String, in bed: TestBed) throws -> [String: Data] {
        let disk = SimulatedDisk(try DiskLog(path: log))
        let folder = try bed.newFolder("disk")
        var random = SystemRandomNumberGenerator()
        try disk.lose(.losesNothing, after: disk.eventCount, using: &random, into: folder)
        return try files(folder)
    }

    /// A shell's line, recorded. `env` sets the variables, as they would reach the programs before it.
    private static func shell(_ line: String, in bed: TestBed, log: String) -> [String] {
        let settings = bed.swarmfs.recordingDisk(to: log).environment
        return ["env"] + settings.map { "\($0)=\($1)" } + ["sh", "-c", line]
    }

    @Test func `a record that was cut off is written over`() throws {
        try TestBed.run { bed in
            let log = try bed.newFolder("log") + "/disk.log"
            let folder = try bed.folder.makeFolder("cache")
            for name in ["a", "b", "c"] {
                try ChildProcess.output(
                    of: Self.shell(
                        "printf \(name)\(name)\(name) > '\(folder)/\(name)'", in: bed, log: log))
                // The head of a record that never came to an end, and what makes no sense as one.
                let handle = try FileHandle(forUpdating: URL(fileURLWithPath: log))
                try handle.seek(toOffset: 8)
                let record = try #require(try handle.read(upToCount: 20))
                try handle.seekToEnd()
                try handle.write(contentsOf: record + Data(repeating: 0xFF, count: 90))
                try handle.close()
            }
            #expect(try Self.recorded(log, in: bed) == Self.files(folder))
            #expect(try Self.files(folder).count == 3)
        }
    }

    @Test func `programs that are killed while it is held have done what it tells, and no more`()
        throws
    {
        try TestBed.run { bed in
            let log = try bed.newFolder("log") + "/disk.log"
            let folder = try bed.folder.makeFolder("cache")
            for round in 1...5 {
                let path = folder + "/\(round)"
                let writer = try ChildProcess(
                    Self.shell(
                        "while :; do printf some; done > '\(path)'", in: bed, log: log))
                try Deadline().wait(for: "some writes") {
                    ((try? Data(contentsOf: URL(fileURLWithPath: path)))?.count ?? 0) > 100 * round
                }
                try DiskLog.holding(log) {
                    kill(writer.pid, SIGKILL)
                    _ = try writer.wait()
                }
            }
            #expect(try Self.recorded(log, in: bed) == Self.files(folder))
            #expect(try Self.files(folder).count == 5)
        }
    }
}
