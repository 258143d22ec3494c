import ControlAPI
import Foundation

/// A home, a runtime directory and a working directory for runs of the command.
final class Surroundings: Sendable {
    let path: String

    init() throws {
        let made = NSTemporaryDirectory() + "swarmfs-test-" + UUID().uuidString
        for name in ["", "/home", "/run", "/empty", "/full"] {
            try FileManager.default.createDirectory(
                atPath: made + name, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        path = URL(fileURLWithPath: made).resolvingSymlinksInPath().path
        try "x".write(toFile: made + "/full/file", atomically: false, encoding: .utf8)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var environment: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": path + "/home", "XDG_RUNTIME_DIR": path + "/run", "LC_ALL": "C",
            "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
        ]
    }

    var runtime: RuntimeDirectory { RuntimeDirectory(path: path + "/run/swarmfs") }
}
