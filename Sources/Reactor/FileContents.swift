import Glibc

/// Whole small files.
package enum FileContents {
    /// The bytes of a regular file; throws EFBIG where it is longer than `limit`.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        try read(path, open(path, O_RDONLY | O_CLOEXEC), limit: limit)
    }

    /// The same for a name in an open folder; a link there is not followed.
    package static func read(
        _ name: String, in folder: Int32, limit: Int
    ) throws(SystemError) -> [UInt8] {
        try read(name, openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), limit: limit)
    }

    /// Makes the file `name` in an open folder hold `bytes` and nothing else, mode 0600. It is made
    /// as `draft` first and takes the other's place when it is on disk: whole, or not there at all.
    /// The name itself lasts once the folder is synced.
    package static func replace(
        _ name: String, draft: String, in folder: Int32, with bytes: [UInt8]
    ) throws(SystemError) {
        do throws(SystemError) {
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
            let file = try OwnedDescriptor(openat(folder, draft, flags, 0o600), "make \(draft)")
            if let failure = FileTransfer.write(bytes, to: file.rawValue) {
                throw SystemError(failure, "write \(draft)")
            }
            guard fdatasync(file.rawValue) == 0 else { throw SystemError.last("sync \(draft)") }
            guard renameat(folder, draft, folder, name) == 0 else {
                throw SystemError.last("rename \(draft)")
            }
        } catch {
            unlinkat(folder, draft, 0)
            throw error
        }
    }

    private static func read(
        _ path: String, _ descriptor: Int32, limit: Int
    ) throws(SystemError) -> [UInt8] {
        let file = try OwnedDescriptor(descriptor, "open \(path)")
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw SystemError.last("stat \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(EINVAL, "read \(path)") }
        guard status.st_size <= limit else { throw SystemError(EFBIG, "read \(path)") }
        var bytes = [UInt8](repeating: 0, count: status.st_size)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(file.rawValue, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw SystemError.last("read \(path)") }
            if count == 0 { break }
            done += count
        }
        bytes.removeLast(bytes.count - done)
        return bytes
    }
}
