import CLinux
import Glibc
import Metainfo
import Reactor

/// What a torrent is made of: a file, or a folder with all that is below it.
struct SourceDirectory: ~Copyable {
    /// The name of the file or folder.
    let name: [UInt8]
    let isSingleFile: Bool
    /// Every file and symbolic link, in no particular order.
    let files: [DraftFile]
    /// The folder, or the single file itself.
    private let root: OwnedDescriptor
    private let path: String

    /// Looks at everything below `path`, files of `leftOut` aside; reads no file.
    init(
        path: String, leavingOut leftOut: Set<FileIdentity> = [], isCancelled: () -> Bool
    ) throws(CreationError) {
        let name = try Self.name(of: path)
        let root: OwnedDescriptor
        do {
            // Not blocking, for the case that it is a pipe that nobody writes to.
            root = try OwnedDescriptor(
                Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), "open \(path)")
        } catch {
            throw .system(error)
        }
        var status = stat()
        guard fstat(root.rawValue, &status) == 0 else { throw .system(.last("stat \(path)")) }
        let isSingleFile = status.st_mode & S_IFMT == S_IFREG
        let files: [DraftFile]
        if isSingleFile {
            files = [Self.file([], status)]
        } else if status.st_mode & S_IFMT == S_IFDIR {
            files = try Self.walk(
                root.rawValue, path: path, leavingOut: leftOut, isCancelled: isCancelled)
        } else {
            throw .unsupportedFile(path)
        }
        self.name = name
        self.isSingleFile = isSingleFile
        self.files = files
        self.root = root
        self.path = path
    }

    /// Opens a file for reading.
    func open(_ file: DraftFile) throws(CreationError) -> OwnedDescriptor {
        let descriptor: Int32
        if isSingleFile {
            descriptor = fcntl(root.rawValue, F_DUPFD_CLOEXEC, 0)
        } else {
            descriptor = Self.withPath(file.path) {
                openat(root.rawValue, $0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            }
        }
        do {
            return try OwnedDescriptor(descriptor, "open \(display(file))")
        } catch {
            throw .system(error)
        }
    }

    /// The file's path, for messages.
    func display(_ file: DraftFile) -> String {
        isSingleFile ? path : "\(path)/\(String(decoding: file.path, as: UTF8.self))"
    }

    // MARK: - Walking

    /// What an entry of a folder is.
    private enum Entry {
        case file(DraftFile)
        case folder
        case leftOut
    }

    private static func walk(
        _ root: Int32, path: String, leavingOut leftOut: Set<FileIdentity>, isCancelled: () -> Bool
    ) throws(CreationError) -> [DraftFile] {
        var files: [DraftFile] = []
        var pending: [[UInt8]] = [[]]
        while let directory = pending.popLast() {
            guard !isCancelled() else { throw .cancelled }
            let shown = directory.isEmpty ? path : "\(path)/\(text(directory))"
            let descriptor = withPath(directory.isEmpty ? Array(".".utf8) : directory) {
                openat(root, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
            }
            guard descriptor >= 0 else { throw .system(.last("open \(shown)")) }
            guard let stream = fdopendir(descriptor) else {
                let error = SystemError.last("open \(shown)")
                close(descriptor)
                throw .system(error)
            }
            defer { closedir(stream) }
            while true {
                errno = 0
                guard let entry = readdir(stream) else {
                    guard errno == 0 else { throw .system(.last("read \(shown)")) }
                    break
                }
                let name = Self.name(of: entry)
                if name == Array(".".utf8) || name == Array("..".utf8) { continue }
                let child = directory.isEmpty ? name : directory + [UInt8(ascii: "/")] + name
                switch try visit(name, in: descriptor, path: child, root: path, leftOut) {
                case .file(let file): files.append(file)
                case .folder: pending.append(child)
                case .leftOut: continue
                }
            }
        }
        return files
    }

    private static func visit(
        _ name: [UInt8], in directory: Int32, path: [UInt8], root: String,
        _ leftOut: Set<FileIdentity>
    ) throws(CreationError) -> Entry {
        let shown = "\(root)/\(text(path))"
        var status = stat()
        let result = withPath(name) { fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
        guard result == 0 else { throw .system(.last("stat \(shown)")) }
        guard !leftOut.contains(FileIdentity(device: status.st_dev, inode: status.st_ino)) else {
            return .leftOut
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(file(path, status))
        case S_IFDIR: return .folder
        case S_IFLNK:
            var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let length = withPath(name) { name in
                target.withUnsafeMutableBytes { buffer in
                    guard let start = buffer.bindMemory(to: CChar.self).baseAddress else {
                        preconditionFailure("the buffer is not empty")
                    }
                    return readlinkat(directory, name, start, buffer.count)
                }
            }
            guard length >= 0 else { throw .system(.last("read link \(shown)")) }
            return .file(
                DraftFile(
                    path: path, length: 0, isExecutable: true,
                    linkTarget: Array(target[..<length])))
        default: throw .unsupportedFile(shown)
        }
    }

    private static func file(_ path: [UInt8], _ status: stat) -> DraftFile {
        DraftFile(
            path: path, length: Int64(status.st_size),
            isExecutable: status.st_mode & S_IXUSR != 0)
    }

    // MARK: - Names

    /// The last component of `path`, or of what it stands for where that is `.` or `..` or `/`.
    private static func name(of path: String) throws(CreationError) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        if let last = Array(path.utf8).split(separator: slash).last, last.count <= NAME_MAX,
            !last.elementsEqual(".".utf8), !last.elementsEqual("..".utf8)
        {
            return Array(last)
        }
        guard let resolved = realpath(path, nil) else { throw .system(.last("open \(path)")) }
        defer { free(resolved) }
        let bytes = UnsafeRawBufferPointer(start: resolved, count: strlen(resolved))
        return Array(bytes.split(separator: slash).last.map { Array($0) } ?? Array("root".utf8))
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        let start = UnsafeRawPointer(entry).advanced(by: offset)
        let length = strlen(start.assumingMemoryBound(to: CChar.self))
        return Array(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// Names on disk are bytes, which a `String` might change.
    private static func withPath<Result>(
        _ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        (path.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else {
                preconditionFailure("a path ends in a zero, so it is not empty")
            }
            return body(start)
        }
    }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }
}
