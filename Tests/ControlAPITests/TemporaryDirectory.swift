import ControlAPI
import Foundation

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String
    var runtime: RuntimeDirectory { RuntimeDirectory(path: path + "/run") }

    init() throws {
        path = NSTemporaryDirectory() + "swarmfs-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func mode(of name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    func names(in name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + name).sorted()
    }
}
