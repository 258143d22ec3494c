import Foundation

/// Other programs that tests compare with.
enum CreationPython {
    static let path = "/usr/bin/python3"
    static let transmission = "/usr/bin/transmission-show"

    static let hasLibtorrent = (try? run("import libtorrent", [])) != nil
    static let hasTransmission = FileManager.default.isExecutableFile(atPath: transmission)
    /// Transmission 3 takes the empty key, which every v2 file tree has, for no key at all.
    static let transmissionReadsHybrids =
        (try? run(executable: "/bin/sh", ["-c", "\(transmission) --version 2>&1"]))
        .map { !$0.contains("transmission-show 3.") } ?? false

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a script; gives what it prints, and throws what it complains of.
    static func run(_ script: String, _ arguments: [String]) throws -> String {
        try run(executable: path, ["-c", script] + arguments)
    }

    static func run(executable: String, _ arguments: [String]) throws -> String {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: String(decoding: complaints, as: UTF8.self))
        }
        return text
    }
}
