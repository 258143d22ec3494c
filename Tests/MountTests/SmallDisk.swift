import Foundation
import Glibc
import RealClients

/// A filesystem of a test's own, of so many bytes; only root can make one.
struct SmallDisk {
    /// Whether this user may make one.
    static let isAllowed = geteuid() == 0

    /// Whether this kernel and this machine have one whose files can share blocks.
    static let canShare =
        isAllowed && access("/usr/sbin/mkfs.xfs", X_OK) == 0
        && (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8))?.contains("xfs")
            == true

    /// Where it is mounted.
    let path: String

    /// One in memory.
    init(bytes: Int, at path: String, in bed: TestBed) throws {
        try self.init(at: path, ["-t", "tmpfs", "-o", "size=\(bytes),mode=700", "tmpfs"], in: bed)
    }

    /// One whose files can share blocks (XFS), in a file.
    static func sharing(at path: String, in bed: TestBed) throws -> SmallDisk {
        // XFS is never smaller than 300 MB.
        let image = try bed.newFolder("image") + "/xfs"
        try ChildProcess.output(of: ["truncate", "--size", "400M", image])
        try ChildProcess.output(of: ["mkfs.xfs", "-q", "-m", "reflink=1", image])
        return try SmallDisk(at: path, ["-o", "loop", image], in: bed)
    }

    private init(at path: String, _ mount: [String], in bed: TestBed) throws {
        self.path = path
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try ChildProcess.output(of: ["mount"] + mount + [path])
        bed.atEnd { _ = try? ChildProcess.output(of: ["umount", "--lazy", path]) }
    }

    /// Another program takes all that is free; its file.
    func fill() throws -> String {
        let file = path + "/other"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RealClientError("open \(file): \(errno)") }
        defer { close(descriptor) }
        for count in [65_536, 4096, 1] {
            let bytes = [UInt8](repeating: 1, count: count)
            while write(descriptor, bytes, count) == count {}
        }
        return file
    }

    /// Bytes in use, once all is written.
    func used() throws -> Int {
        try ChildProcess.output(of: ["sync", "--file-system", path])
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw RealClientError("statvfs: \(errno)") }
        return Int(status.f_blocks - status.f_bfree) * Int(status.f_frsize)
    }
}
