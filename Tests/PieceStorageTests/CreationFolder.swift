import Foundation
import TorrentCore

/// A folder called `folder` in a temporary one, for torrents to be made of.
struct CreationFolder {
    private let parent: String
    /// The folder.
    let path: String

    init() throws {
        parent = NSTemporaryDirectory() + "/swarmfs-create-" + UUID().uuidString
        path = parent + "/folder"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(atPath: parent) }

    func write(_ name: String, bytes: [UInt8], isExecutable: Bool = false) throws {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        chmod(file, isExecutable ? 0o755 : 0o644)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path + "/" + name, withDestinationPath: target)
    }

    /// A file outside of the folder.
    func sibling(_ name: String) -> String { parent + "/" + name }

    static func content(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        while bytes.count < count { bytes.appendBigEndian(random.next()) }
        return Array(bytes[..<count])
    }

    /// Files of every kind: larger and smaller than a piece, of whole pieces, empty, executable,
    /// equal, with names of several scripts.
    func fill() throws {
        try write("large.bin", bytes: Self.content(1_000_003, seed: 1))
        try write("copy/large.bin", bytes: Self.content(1_000_003, seed: 1))
        try write("whole", bytes: Self.content(65536, seed: 2))
        try write("whole 2", bytes: Self.content(65536, seed: 3))
        try write("small", bytes: Self.content(5, seed: 4))
        try write("bin/run.sh", bytes: Self.content(20000, seed: 5), isExecutable: true)
        try write("bin/empty.sh", bytes: [], isExecutable: true)
        try write("empty", bytes: [])
        try write("日本語/данные", bytes: Self.content(50000, seed: 6))
        try write("a/b/c/d", bytes: Self.content(16385, seed: 7))
        try write("a.b", bytes: Self.content(1, seed: 8))
        try write("zzz empty at the end", bytes: [])
    }

    func addLinks() throws {
        try link("link", to: "large.bin")
        try link("link to folder", to: "copy")
        try link("bin/beside", to: "run.sh")
        try link("up", to: "a/b/c/d")
        try link("bin/down", to: "../small")
        try link("dangling", to: "nowhere/at all")
    }
}
