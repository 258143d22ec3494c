import CLinux
import Glibc
import Metainfo
import Reactor
import Synchronization
import TorrentCore

/// The user's own files that `swarmfs seed` serves: opened for reading only, below one root, and
/// never through a symbolic link.
final class DataFolder: Sendable {
    private let path: String
    private let layout: FileLayout
    /// The root folder, or the file itself for a single-file torrent.
    private let root: Int32
    private let isFile: Bool
    /// The newest status change (`st_ctim`, nanoseconds) of the files when they were checked: a
    /// later one means that a file may have changed since.
    private let newestChange = Atomic<Int64>(0)

    init(path: String, info: InfoDictionary) throws(StorageError) {
        self.path = path
        layout = info.layout
        do {
            // The user names the root and may do so through links.
            let root = try OwnedDescriptor(
                Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), "open")
            let kind = try Self.status(root.rawValue).st_mode & S_IFMT
            if kind == S_IFREG {
                guard layout.isSingleFile else { throw SystemError(ENOTDIR, "open") }
                isFile = true
                self.root = root.release()
                return
            }
            guard kind == S_IFDIR else { throw SystemError(EINVAL, "open") }
            isFile = false
            self.root = try Self.folder(root.release(), info).release()
        } catch let error as SystemError {
            throw .dataUnusable(path: path, reason: error)
        } catch {
            throw .dataUnusable(path: path, reason: SystemError(EIO, "open"))
        }
    }

    deinit { close(root) }

    /// Opens a file of the torrent; errors are `unsafeName`, `dataUnusable`, and, unless it may have
    /// any size, `dataDiffers`.
    func open(
        _ file: FileIndex, isAnySize: Bool = false
    ) throws(StorageError) -> OwnedDescriptor {
        let components = isFile ? [] : layout.path(of: file)
        let name =
            "\(path)/"
            + components.map { String(decoding: $0, as: UTF8.self) }
            .joined(separator: "/")
        guard components.allSatisfy(Self.isSafe), isFile || !components.isEmpty else {
            throw .unsafeName(path: name)
        }
        do {
            let descriptor = try Self.walk(root, components)
            let status = try Self.status(descriptor.rawValue)
            guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError(EINVAL, "open") }
            guard isAnySize || Int64(status.st_size) == layout.length(of: file) else {
                throw StorageError.dataDiffers(
                    path: name, expected: layout.length(of: file), found: Int64(status.st_size))
            }
            return descriptor
        } catch let error as SystemError {
            throw .dataUnusable(path: name, reason: error)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .dataUnusable(path: name, reason: SystemError(EIO, "open"))
        }
    }

    /// Takes an open file, as it is now, for the one that is checked.
    func noteChecked(_ descriptor: Int32) {
        guard let status = try? Self.status(descriptor) else { return }
        newestChange.max(Self.change(status), ordering: .relaxed)
    }

    /// Whether an open file is as it was when it was checked.
    func isUnchanged(_ descriptor: Int32) -> Bool {
        guard let status = try? Self.status(descriptor) else { return false }
        return Self.change(status) <= newestChange.load(ordering: .relaxed)
    }

    /// The folder that the file paths start at: `root`, or the one in it that has the torrent's
    /// name, where that holds the first file and `root` does not. A single-file torrent's path is
    /// its name, so `root` is right for it.
    private static func folder(
        _ root: consuming Int32, _ info: InfoDictionary
    ) throws(SystemError) -> OwnedDescriptor {
        let root = OwnedDescriptor(root)
        guard !info.layout.isSingleFile, isSafe(info.name),
            let first = info.layout.files.first(where: {
                info.layout.length(of: $0) > 0
                    && info.layout.attributes(of: $0).isDisjoint(with: [.padding, .symlink])
            })
        else { return root }
        let components = info.layout.path(of: first)
        guard components.allSatisfy(isSafe), (try? walk(root.rawValue, components)) == nil,
            (try? walk(root.rawValue, [info.name] + components)) != nil
        else { return root }
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        return try OwnedDescriptor(
            openComponent(root.rawValue, info.name, flags), "open the torrent's folder")
    }

    /// Goes down one component at a time, so that no link is followed on the way.
    private static func walk(
        _ root: Int32, _ components: [[UInt8]]
    ) throws(SystemError) -> OwnedDescriptor {
        guard let last = components.last else {
            // The root is the file: a description of its own, at no path.
            return try OwnedDescriptor(fcntl(root, F_DUPFD_CLOEXEC, 0), "open")
        }
        var folder = try OwnedDescriptor(fcntl(root, F_DUPFD_CLOEXEC, 0), "open")
        for component in components.dropLast() {
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            folder = try OwnedDescriptor(
                openComponent(folder.rawValue, component, flags), "open")
        }
        // Not blocking: a FIFO in the file's place must not hang us.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        return try OwnedDescriptor(openComponent(folder.rawValue, last, flags), "open")
    }

    private static func openComponent(_ folder: Int32, _ name: [UInt8], _ flags: Int32) -> Int32 {
        (name + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { openat(folder, $0, flags) } ?? -1
            }
        }
    }

    private static func isSafe(_ component: [UInt8]) -> Bool {
        !component.isEmpty && component != [UInt8(ascii: ".")]
            && component != [UInt8(ascii: "."), UInt8(ascii: ".")]
            && !component.contains(UInt8(ascii: "/")) && !component.contains(0)
    }

    private static func status(_ descriptor: Int32) throws(SystemError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last("stat") }
        return status
    }

    private static func change(_ status: stat) -> Int64 {
        Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }
}
