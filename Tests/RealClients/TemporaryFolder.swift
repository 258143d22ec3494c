import Foundation

/// A new folder of the test's own, removed with all it holds by `remove()`.
package struct TemporaryFolder: Sendable {
    /// Its path.
    package let path: String

    /// Makes the folder under `TMPDIR`. Its name is short because a Unix socket's path may have
    /// only 107 bytes, and others may enter it because a tracker runs as another user.
    package init() throws {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array((parent + "/sfs-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw RealClientError("cannot make a folder under \(parent): errno \(errno)")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(path, 0o755)
    }

    /// The path of `name` in the folder.
    package func path(_ name: String) -> String { path + "/" + name }

    /// Makes a folder in the folder, and its parents.
    package func makeFolder(_ name: String) throws -> String {
        let folder = path(name)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Removes the folder with all it holds.
    package func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
