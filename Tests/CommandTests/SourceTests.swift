import ControlAPI
import Foundation
import Testing

@Suite("Sources and places that cannot be used", .timeLimit(.minutes(10)))
struct SourceTests {
    private static let hasFUSE = access("/dev/fuse", R_OK | W_OK) == 0
    private let surroundings: Surroundings

    init() throws {
        surroundings = try Surroundings()
        try "junk".write(
            toFile: surroundings.path + "/junk.torrent", atomically: false, encoding: .utf8)
    }

    private func expectNothingLeft() throws {
        let sockets = try? FileManager.default.contentsOfDirectory(
            atPath: surroundings.runtime.path)
        #expect((sockets ?? []).isEmpty)
        let table = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        #expect(!table.contains(surroundings.path))
    }

    @Test(arguments: [
        ("nonsense", "nonsense is no infohash, link or file: give an infohash"),
        ("none.torrent", "the torrent file none.torrent cannot be read"),
        ("full", "is a directory: give the .torrent file"),
        ("magnet:?dn=x", "the magnet link names no infohash"),
        ("ftp://example.com/x.torrent", "ftp URLs are not supported"),
    ])
    func `a SOURCE that names no torrent is exit code 3`(
        source: String, message: String
    ) async throws {
        let run = try await CommandRun(["mount", source, "empty"], in: surroundings)
        #expect(run.failure?.contains(message) == true, "\(run.errors)")
        #expect(run.status == 3)
        try expectNothingLeft()
    }

    @Test(.enabled(if: hasFUSE))
    func `an infohash is one though a folder has the same name`() async throws {
        let infohash = String(repeating: "ab", count: 20)
        try FileManager.default.createDirectory(
            atPath: surroundings.path + "/" + infohash, withIntermediateDirectories: true)
        let run = try await CommandRun(
            ["mount", infohash, infohash, "--offline"], in: surroundings)
        #expect(run.failure?.contains("is not in the cache") == true, "\(run.errors)")
        #expect(run.status == 4)
    }

    @Test(.enabled(if: hasFUSE))
    func `one torrent given twice is a wrong command line`() async throws {
        let made = try await CommandRun(["create", "full", "-o", "x.torrent"], in: surroundings)
        #expect(made.status == 0)
        let run = try await CommandRun(
            ["mount", "x.torrent", "x.torrent", "empty", "--offline"], in: surroundings)
        #expect(run.failure?.contains("is given twice") == true, "\(run.errors)")
        #expect(run.status == 2)
        try expectNothingLeft()
    }

    @Test(.enabled(if: hasFUSE))
    func `a file that is no torrent is exit code 3`() async throws {
        let run = try await CommandRun(
            ["mount", "junk.torrent", "empty", "--listen", "127.0.0.1:0"], in: surroundings)
        #expect(run.failure?.contains("junk.torrent is no torrent") == true, "\(run.errors)")
        #expect(run.status == 3)
        try expectNothingLeft()
    }

    @Test(.enabled(if: hasFUSE))
    func `a cache that is a file is exit code 6`() async throws {
        let run = try await CommandRun(
            ["mount", "junk.torrent", "empty", "--cache", "junk.torrent", "--listen=127.0.0.1:0"],
            in: surroundings)
        #expect(run.failure?.contains("choose another with --cache") == true, "\(run.errors)")
        #expect(run.status == 6)
        try expectNothingLeft()
    }

    @Test(.enabled(if: hasFUSE))
    func `metadata that does not come in time is exit code 4`() async throws {
        let hash = String(repeating: "ab", count: 20)
        let run = try await CommandRun(
            ["mount", hash, "empty", "--wait-timeout", "300ms", "--listen", "127.0.0.1:0"],
            in: surroundings)
        let last = run.errors.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("swarmfs: no metadata of abababab after "), "\(run.errors)")
        #expect(run.status == 4)
        try expectNothingLeft()
    }

    @Test func `a log that cannot be written is exit code 1`() async throws {
        let run = try await CommandRun(
            ["mount", "junk.torrent", "empty", "--log-file", "full"], in: surroundings)
        #expect(run.status == 1 || !Self.hasFUSE && run.status == 5, "\(run.errors)")
        #expect(run.failure != nil, "\(run.errors)")
    }

    @Test(arguments: [
        (["seed", "junk.torrent", "--data", "full"], 3, "junk.torrent is no torrent"),
        (["seed", "none.torrent", "--data", "full"], 3, "No such file or directory"),
        (["create", "none", "-o", "x.torrent"], 1, "no torrent was made"),
        (["create", "full", "-o", "nowhere/x.torrent"], 1, "choose another with -o"),
        (["create", "full", "-o", "empty"], 1, "Is a directory"),
    ])
    func `seed and create say what they cannot use`(
        arguments: [String], code: Int32, message: String
    ) async throws {
        let run = try await CommandRun(arguments, in: surroundings)
        #expect(run.failure?.contains(message) == true, "\(run.errors)")
        #expect(run.status == code)
    }
}
