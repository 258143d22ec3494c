import Foundation
import Testing

@Suite("Help", .timeLimit(.minutes(10)))
struct HelpTests {
    private let surroundings: Surroundings
    private static let commands = [
        "mount", "unmount", "status", "create", "seed", "cache", "verify", "prefetch",
        "pin", "unpin", "import", "limit",
    ]

    init() throws { surroundings = try Surroundings() }

    @Test(arguments: commands)
    func `each command explains itself`(command: String) async throws {
        let page = try await CommandRun([command, "--help"], in: surroundings)
        #expect(page.status == 0)
        #expect(page.errors.isEmpty)
        #expect(page.output.hasPrefix("Usage: swarmfs \(command)"))
        for title in ["Options:", "Examples:", "Exit codes:"] {
            #expect(page.output.contains("\n\(title)\n"))
        }
        #expect(try await CommandRun(["help", command], in: surroundings).output == page.output)
        #expect(try await CommandRun([command, "-h"], in: surroundings).output == page.output)
    }

    @Test(arguments: [[]] + commands.map { [$0] })
    func `pages fit 80 columns, examples aside`(command: [String]) async throws {
        let page = try await CommandRun(command + ["--help"], in: surroundings)
        for line in page.output.split(separator: "\n") where !line.hasPrefix("  swarmfs ") {
            #expect(line.count <= 80, "\(line)")
        }
    }

    @Test func `the overview names every command and exit code`() async throws {
        let page = try await CommandRun(["--help"], in: surroundings)
        #expect(page.status == 0)
        for command in Self.commands { #expect(page.output.contains("\n  \(command) ")) }
        for code in 0...6 { #expect(page.output.contains("\n  \(code)  ")) }
    }

    @Test func `help wins over a wrong rest of the line`() async throws {
        let page = try await CommandRun(["mount", "--nonsense", "--help"], in: surroundings)
        #expect(page.status == 0)
    }

    @Test(arguments: [["--version"], ["-V"], ["mount", "--version"], ["status", "-V"]])
    func `the version is one line`(arguments: [String]) async throws {
        let run = try await CommandRun(arguments, in: surroundings)
        #expect(run.status == 0)
        #expect(run.output.wholeMatch(of: /swarmfs \d+\.\d+\.\d+\n/) != nil)
    }
}
