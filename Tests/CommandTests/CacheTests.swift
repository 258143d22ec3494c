import Foundation
import Testing

@Suite("swarmfs cache", .timeLimit(.minutes(1)))
struct CacheTests {
    private let surroundings: Surroundings

    init() throws { surroundings = try Surroundings() }

    @Test func `the path is the default, or what --cache says`() async throws {
        let standard = try await CommandRun(["cache", "path"], in: surroundings)
        #expect(standard.output == surroundings.path + "/home/.cache/swarmfs\n")
        let other = try await CommandRun(["cache", "path", "--cache", "x"], in: surroundings)
        #expect(other.output == surroundings.path + "/x\n")
        #expect(access(surroundings.path + "/x", F_OK) != 0)
    }

    @Test func `a cache that is not there is empty`() async throws {
        let run = try await CommandRun(["cache", "list"], in: surroundings)
        #expect(run.status == 0)
        #expect(run.output == "The cache is empty.\n")
        let json = try await CommandRun(["cache", "list", "--json"], in: surroundings)
        #expect(json.output.contains("\"torrents\" : [\n\n  ]"))
        #expect(json.output.contains("/home/.cache/swarmfs\""))
    }

    @Test(arguments: [
        (["cache"], "cache needs one of list, show, remove, evict, path", 2),
        (["cache", "lst"], "there is no command cache lst: did you mean `cache list`?", 2),
        (["cache", "show"], "cache show needs a TORRENT", 2),
        (["cache", "list", "x"], "cache list needs nothing more", 2),
        (["cache", "remove", "x"], "the cache holds no torrent x: run `swarmfs cache list`", 1),
        (["cache", "list", "--cache", "full/file"], "full/file is not a directory", 6),
    ])
    func `failures are one line`(arguments: [String], message: String, code: Int32) async throws {
        let run = try await CommandRun(arguments, in: surroundings)
        #expect(run.failure?.contains(message) == true, "\(run.errors)")
        #expect(run.status == code)
    }
}
