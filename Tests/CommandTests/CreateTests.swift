import Foundation
import Testing

@Suite("swarmfs create", .timeLimit(.minutes(10)))
struct CreateTests {
    private let surroundings: Surroundings

    init() throws { surroundings = try Surroundings() }

    private func create(_ options: [String]) async throws -> CommandRun {
        try await CommandRun(["create", "full", "-o", "x.torrent"] + options, in: surroundings)
    }

    private func torrent() throws -> String {
        let data = try Data(contentsOf: URL(fileURLWithPath: surroundings.path + "/x.torrent"))
        return String(decoding: data, as: Unicode.ASCII.self)
    }

    @Test(arguments: [("v1", [40]), ("v2", [64]), ("hybrid", [40, 64])])
    func `it prints the infohashes that the format has`(
        format: String, lengths: [Int]
    ) async throws {
        let run = try await create(["--format", format, "--no-progress"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.split(separator: "\n").map(\.count) == lengths)
    }

    @Test func `the same input and options give the same file`() async throws {
        let options = ["--creation-date", "2026-01-31T12:00:00Z"]
        _ = try await create(options)
        let first = try torrent()
        _ = try await create(options)
        #expect(try torrent() == first)
        #expect(first.contains("13:creation datei1769860800e"))
    }

    @Test func `the torrent does not hold its own file, written before or not`() async throws {
        _ = try await create(["--creation-date", "none"])
        let elsewhere = try torrent()
        for _ in 0..<2 {
            let run = try await CommandRun(
                ["create", "full", "-o", "full/x.torrent", "--creation-date", "none"],
                in: surroundings)
            #expect(run.status == 0, "\(run.errors)")
            let data = try Data(
                contentsOf: URL(fileURLWithPath: surroundings.path + "/full/x.torrent"))
            #expect(String(decoding: data, as: Unicode.ASCII.self) == elsewhere)
        }
    }

    @Test func `options arrive in the file`() async throws {
        let run = try await create([
            "--tracker", "http://a.example/x,y,udp://b.example:1", "--tracker=udp://c.example:2",
            "--webseed", "https://d.example/", "--private", "--comment", "two words",
            "--creation-date", "none", "--piece-length", "32K",
        ])
        #expect(run.status == 0, "\(run.errors)")
        let text = try torrent()
        for part in [
            "8:announce20:http://a.example/x,y",
            "13:announce-listll20:http://a.example/x,y17:udp://b.example:1el17:udp://c.example:2ee",
            "18:https://d.example/", "7:privatei1e", "7:comment9:two words",
            "12:piece lengthi32768e",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains("creation date"))
    }

    @Test func `a source sets the infohash apart`() async throws {
        var hashes: Set<String> = []
        for options in [[], ["--source", "here"], ["--source", "there"]] {
            hashes.insert(try await create(options).output)
        }
        #expect(hashes.count == 3)
        #expect(try torrent().contains("6:source5:there"))
    }

    @Test func `nothing but the torrent is left`() async throws {
        _ = try await create([])
        let names = try FileManager.default.contentsOfDirectory(atPath: surroundings.path)
        #expect(names.sorted() == ["empty", "full", "home", "run", "x.torrent"])
    }
}
