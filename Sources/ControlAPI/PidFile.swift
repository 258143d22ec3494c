import Glibc
import Reactor
import TorrentCore

/// The file that says which process serves a mountpoint: two lines, process id and mountpoint.
///
/// The process holds an exclusive `flock` on it as long as it lives, so whoever can lock the file
/// knows that its process is gone, whatever became of the id.
final class PidFile: Sendable {
    /// How long a claim waits for a lock that someone may hold only to look whether it is free.
    private static let claimPatience = Interval.milliseconds(500)
    private static let retryDelay: UInt32 = 5_000
    /// A pid file holds a number and a path: 4 KiB (PATH_MAX) and some.
    private static let maximumLength = 8 * 1024

    private let directory: OwnedDescriptor
    private let lock: OwnedDescriptor
    private let address: ControlAddress

    /// Claims the mountpoint for this process, removing what a dead one left; throws
    /// `alreadyServed` where a live process has it.
    init(claiming mountpoint: String, in runtime: RuntimeDirectory) throws(ControlError) {
        guard let directory = try runtime.open(create: true) else {
            throw .untrustedDirectory(runtime.path)
        }
        address = ControlAddress(mountpoint: mountpoint)
        let deadline = Timestamp.now() + Self.claimPatience
        while true {
            let number = openat(
                directory.rawValue, address.pidFileName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                0o600)
            guard number >= 0 else { throw .system(.last("create a file in \(runtime.path)")) }
            let lock = OwnedDescriptor(number)
            if flock(number, LOCK_EX | LOCK_NB) == 0 {
                // Someone may have removed the file between the open and the lock.
                guard Self.isSame(number, address.pidFileName, in: directory.rawValue) else {
                    continue
                }
                unlinkat(directory.rawValue, address.socketName, 0)
                let text = Array("\(getpid())\n\(mountpoint)\n".utf8)
                guard ftruncate(number, 0) == 0,
                    pwrite(number, text, text.count, 0) == text.count
                else { throw .system(.last("write to \(runtime.path)")) }
                self.lock = lock
                self.directory = directory
                return
            }
            guard Timestamp.now() < deadline else {
                let content = Self.content(number)
                throw .alreadyServed(mountpoint: mountpoint, pid: content?.pid)
            }
            usleep(Self.retryDelay)
        }
    }

    /// The descriptor of the directory it is in.
    var directoryDescriptor: Int32 { directory.rawValue }

    /// Takes the socket and this file away; the lock stays until the process ends or this object
    /// goes.
    func remove() {
        unlinkat(directory.rawValue, address.socketName, 0)
        unlinkat(directory.rawValue, address.pidFileName, 0)
    }

    // MARK: - From the outside

    /// A live process's pid file, opened; nil where there is none. What a dead process left is
    /// removed.
    static func openLive(
        _ address: ControlAddress, in directory: borrowing OwnedDescriptor
    ) -> (lock: Int32, pid: Int32, mountpoint: String)? {
        let number = openat(
            directory.rawValue, address.pidFileName, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return nil }
        if flock(number, LOCK_EX | LOCK_NB) == 0 {
            if isSame(number, address.pidFileName, in: directory.rawValue) {
                unlinkat(directory.rawValue, address.socketName, 0)
                unlinkat(directory.rawValue, address.pidFileName, 0)
            }
            close(number)
            return nil
        }
        guard let content = content(number) else {
            close(number)
            return nil
        }
        return (number, content.pid, content.mountpoint)
    }

    private static func content(_ descriptor: Int32) -> (pid: Int32, mountpoint: String)? {
        var bytes = [UInt8](repeating: 0, count: maximumLength)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        // A mountpoint may hold a newline itself: only the first and the last one are ours.
        guard let end = text.firstIndex(of: "\n"), let pid = Int32(text[..<end]), pid > 0,
            text.hasSuffix("\n")
        else { return nil }
        return (pid, String(text[text.index(after: end)...].dropLast()))
    }

    private static func isSame(_ descriptor: Int32, _ name: String, in directory: Int32) -> Bool {
        var opened = stat()
        var named = stat()
        return fstat(descriptor, &opened) == 0
            && fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }
}
