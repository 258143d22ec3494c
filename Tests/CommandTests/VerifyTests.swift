import Foundation
import Testing

@Suite("swarmfs verify", .timeLimit(.minutes(1)))
struct VerifyTests {
    private let surroundings: Surroundings

    init() throws { surroundings = try Surroundings() }

    @Test(arguments: [
        (["verify", "--repare"], "verify has no option --repare: did you mean --repair?", 16),
        (["verify", "a", "b"], "verify does not expect b", 16),
        (["verify", "a", "--all"], "verify got --all and a: give one of them", 16),
        (["verify", "nothing"], "the cache holds no torrent nothing", 8),
        (["verify", "--cache", "full/file"], "full/file is not a directory", 8),
    ])
    func `it fails with the numbers of fsck`(
        arguments: [String], message: String, code: Int32
    ) async throws {
        let run = try await CommandRun(arguments, in: surroundings)
        #expect(run.failure?.contains(message) == true, "\(run.errors)")
        #expect(run.status == code)
    }

    @Test func `an empty cache is fine`() async throws {
        let run = try await CommandRun(["verify"], in: surroundings)
        #expect(run.status == 0)
        #expect(run.output == "The cache is empty.\n")
        #expect(run.errors.isEmpty)
    }
}
