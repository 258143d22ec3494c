import CLinux
import Glibc
import Reactor

/// A torrent's folder as plain directories and files: measured and removed, never read.
enum FolderTree {
    /// `<folder>/files/<shard>/<file>`: deeper folders are none of ours, and stay.
    private static let depthLimit = 3
    /// The unit of `st_blocks`, whatever the filesystem's block size is (stat(3type)).
    private static let blockSize: Int64 = 512

    /// What the files in folders below an open directory take on disk: all but the lock.
    static func diskBytes(of directory: Int32) -> Int64 {
        var bytes: Int64 = 0
        visit(directory, depth: depthLimit) { parent, _, status in
            guard parent != directory, status.st_mode & S_IFMT == S_IFREG else { return }
            bytes += Int64(status.st_blocks) * blockSize
        }
        return bytes
    }

    /// The names of the folders in an open directory, in order.
    static func folders(in directory: Int32) -> [String] {
        var names: [String] = []
        visit(directory, depth: 1) { _, name, status in
            if status.st_mode & S_IFMT == S_IFDIR { names.append(String(cString: name)) }
        }
        return names.sorted()
    }

    /// Removes what is in an open directory, but for one file; gives the first error, and goes on
    /// behind it.
    static func removeContents(of directory: Int32, keeping kept: String) -> SystemError? {
        var failure: SystemError?
        visit(directory, depth: depthLimit) { parent, name, status in
            if parent == directory, strcmp(name, kept) == 0 { return }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            if unlinkat(parent, name, isFolder ? AT_REMOVEDIR : 0) != 0, failure == nil {
                failure = .last("remove \(String(cString: name))")
            }
        }
        return failure
    }

    /// Calls `body` for each entry, with the directory that it is in, folders after their contents;
    /// follows no links.
    private static func visit(
        _ directory: Int32, depth: Int,
        _ body: (_ parent: Int32, _ name: UnsafePointer<CChar>, _ status: stat) -> Void
    ) {
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return
        }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    var status = stat()
                    guard strcmp(name, ".") != 0, strcmp(name, "..") != 0,
                        fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0
                    else { return }
                    if status.st_mode & S_IFMT == S_IFDIR, depth > 1 {
                        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
                        let folder = openat(directory, name, flags)
                        if folder >= 0 {
                            visit(folder, depth: depth - 1, body)
                            close(folder)
                        }
                    }
                    body(directory, name, status)
                }
            }
        }
    }
}
