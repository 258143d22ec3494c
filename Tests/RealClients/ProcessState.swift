import Foundation

/// What `/proc` says of a process.
package enum ProcessState {
    /// Whether it is gone, or ended and merely not yet collected by its parent.
    package static func hasEnded(_ pid: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return true }
        return text[name...].dropFirst(2).first == "Z"
    }

    /// The program that it runs.
    package static func executable(of pid: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")
    }

    /// How many sockets it holds open.
    package static func socketCount(of pid: Int32) -> Int {
        let folder = "/proc/\(pid)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { name in
            let path = folder + "/" + name
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            return target?.hasPrefix("socket:") == true
        }.count
    }
}
