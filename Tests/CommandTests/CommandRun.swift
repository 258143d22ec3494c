import Foundation
import Testing

/// One run of the built command, to its end, in surroundings of its own.
struct CommandRun {
    let status: Int32
    let output: String
    let errors: String

    /// The built executable lies beside the test bundle.
    static var executable: String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return ((bundle ?? "") as NSString).deletingLastPathComponent + "/swarmfs"
    }

    /// Runs `swarmfs arguments` with nothing of the developer's environment but the PATH.
    init(_ arguments: [String], in surroundings: Surroundings) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = arguments
        process.environment = surroundings.environment
        process.currentDirectoryURL = URL(fileURLWithPath: surroundings.path)
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: a process that stays in the background must not keep this one waiting.
        let files = try ["out", "err"].map { name in
            let path = "\(surroundings.path)/.\(name)-\(UUID().uuidString)"
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            return (path, try #require(FileHandle(forWritingAtPath: path)))
        }
        process.standardOutput = files[0].1
        process.standardError = files[1].1
        status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        let texts = try files.map { file in
            try file.1.close()
            defer { try? FileManager.default.removeItem(atPath: file.0) }
            return String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: file.0)), as: UTF8.self)
        }
        output = texts[0]
        errors = texts[1]
    }

    /// The failure's line without `swarmfs: `, where standard error holds exactly that.
    var failure: String? {
        guard errors.hasPrefix("swarmfs: "), errors.hasSuffix("\n"),
            errors.filter({ $0 == "\n" }).count == 1
        else { return nil }
        return String(errors.dropFirst(9).dropLast())
    }
}
