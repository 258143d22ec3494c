import Glibc
import PieceStorage
import Reactor

/// A file that is there whole or not at all: written under another name, then renamed.
struct OutputFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: OwnedDescriptor
    /// The file that is written, and the one whose place it will take: neither is part of what the
    /// output is made of, though they may lie there.
    let identities: Set<FileIdentity>

    /// Opens it beside its target, so that a path that cannot be written is known at once.
    init(_ path: String) throws(Failure) {
        self.path = path
        temporary = "\(path).part-\(getpid())"
        var identities: Set<FileIdentity> = []
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else { throw Self.unwritable(path, EISDIR) }
            identities.insert(FileIdentity(device: status.st_dev, inode: status.st_ino))
        }
        let number = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw Self.unwritable(path, errno) }
        descriptor = OwnedDescriptor(number)
        if fstat(number, &status) == 0 {
            identities.insert(FileIdentity(device: status.st_dev, inode: status.st_ino))
        }
        self.identities = identities
    }

    /// Writes the content and gives the file its name.
    consuming func finish(_ bytes: [UInt8]) throws(Failure) {
        if let failure = FileTransfer.write(bytes, to: descriptor.rawValue) {
            throw Self.unwritable(path, failure)
        }
        guard rename(temporary, path) == 0 else { throw Self.unwritable(path, errno) }
    }

    // After `finish` there is no such name any more.
    deinit { unlink(temporary) }

    private static func unwritable(_ path: String, _ error: Int32) -> Failure {
        Failure(
            .failure, "\(path) cannot be written (\(String(cString: strerror(error))))",
            "choose another with -o")
    }
}
