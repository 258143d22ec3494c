import Foundation
import Glibc

/// A directory that goes away with the test process: what a test still has open in it must not
/// vanish when the test's last use of this value is over.
struct TemporaryDirectory: Sendable {
    private static let root: String = {
        let root = NSTemporaryDirectory() + "swarmfs-storage-tests-\(getpid())"
        atexit(removeRoot)
        return root
    }()

    fileprivate static func remove() { try? FileManager.default.removeItem(atPath: root) }

    let path: String

    init() throws {
        path = "\(Self.root)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Writes a torrent's files below `folder`, padding left out.
    func write(_ torrent: SampleTorrent, below folder: String = "data") throws -> String {
        let root = "\(path)/\(folder)"
        for file in torrent.files where !file.isPadding {
            let name = "\(root)/" + file.path.joined(separator: "/")
            let parent = (name as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: parent, withIntermediateDirectories: true)
            try Data(file.bytes).write(to: URL(fileURLWithPath: name))
        }
        return root
    }

    /// Every regular file below `folder`, as paths relative to it.
    func regularFiles(below folder: String) -> [String] {
        let root = "\(path)/\(folder)"
        let all = FileManager.default.enumerator(atPath: root)?.allObjects ?? []
        return all.compactMap { $0 as? String }.filter { name in
            var status = stat()
            return lstat("\(root)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        }.sorted()
    }
}

private func removeRoot() { TemporaryDirectory.remove() }
