import Foundation
import Testing

/// A program that uses a mount. Tests touch mounts only through these: should one hang, the test
/// fails and goes on.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private let input = Pipe()

    /// The threads of a test block signals, and programs inherit that.
    private static let prologue =
        "import signal\nsignal.pthread_sigmask(signal.SIG_SETMASK, [])\n"

    /// Starts python with a script; `arguments` are `sys.argv[1:]`.
    static func python(_ script: String, _ arguments: String...) throws -> Child {
        try Child("/usr/bin/python3", ["-c", prologue + script] + arguments)
    }

    /// Runs python to its end, and expects that it succeeds; gives what it prints.
    @discardableResult
    static func run(
        _ script: String, _ arguments: String..., limit: Double = patience,
        location: SourceLocation = #_sourceLocation
    ) throws -> String {
        let child = try Child("/usr/bin/python3", ["-c", prologue + script] + arguments)
        return child.expectSuccess(within: limit, location: location)
    }

    /// Seconds after which a program is taken to hang. What is waited for takes a second or two,
    /// and far longer where the tests beside it keep all processors busy; a read that nothing ends
    /// lasts five minutes.
    static let patience: Double = 120

    init(_ path: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = output
        process.standardInput = input
        try process.run()
    }

    var id: Int32 { process.processIdentifier }

    /// Lets the program's read of its standard input return.
    func closeInput() { try? input.fileHandleForWriting.close() }

    /// Writes to the program's standard input.
    func input(_ text: String) {
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the program's end; nil, and the program is killed, where it takes longer.
    func end(within limit: Double = patience) -> Int32? {
        let deadline = Date().addingTimeInterval(limit)
        while process.isRunning {
            guard Date() < deadline else {
                signal(SIGKILL)
                return nil
            }
            usleep(2_000)
        }
        return process.terminationStatus
    }

    /// All that the program prints, after its end.
    func text() -> String {
        String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    /// The program's next bytes of output; blocks.
    func nextOutput() -> String {
        String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    }

    /// The program's output up to the end of a line; blocks.
    func nextLine() -> String {
        var text = ""
        while !text.hasSuffix("\n") {
            let more = nextOutput()
            guard !more.isEmpty else { break }
            text += more
        }
        return text
    }

    @discardableResult
    func expectSuccess(
        within limit: Double = patience, location: SourceLocation = #_sourceLocation
    ) -> String {
        guard let status = end(within: limit) else {
            Issue.record("the program hung", sourceLocation: location)
            return ""
        }
        let text = text()
        #expect(status == 0, "\(text)", sourceLocation: location)
        return text
    }
}
