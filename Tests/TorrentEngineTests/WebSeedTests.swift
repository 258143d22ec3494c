import Foundation
import Metainfo
import PieceStorage
import Reactor
import Testing
import TorrentCore
import TorrentEngine

@Suite("Web seeds (BEP 19)", .serialized, .timeLimit(.minutes(10)))
struct WebSeedTests {
    /// Pieces that span files, names that need escapes, a short last piece.
    private static let sizes = [
        "a b/é.bin": 100_000, "tiny": 10, "x/y/100%#?.dat": 70_001, "z": 33_000,
    ]
    private static let paths = [
        "a b/é.bin": "/set/a%20b/%C3%A9.bin", "tiny": "/set/tiny",
        "x/y/100%#?.dat": "/set/x/y/100%25%23%3F.dat", "z": "/set/z",
    ]

    private static func server(
        _ swarmlet: Swarmlet, manner: FileServer.Manner = .right, without: String? = nil
    ) throws -> FileServer {
        var files: [String: Data] = [:]
        for (path, data) in swarmlet.files where path != without {
            files[paths[path] ?? path] = data
        }
        return try FileServer(files, manner: manner)
    }

    private static func world(
        _ version: TorrentVersion = .v1, _ body: (Swarmlet) async throws -> Void
    ) async throws {
        let swarmlet = try Swarmlet(sizes: sizes, version: version)
        do {
            try await body(swarmlet)
        } catch {
            await swarmlet.end()
            throw error
        }
        await swarmlet.end()
    }

    private static func figures(
        _ session: Session
    ) async throws -> [TorrentWebSeedStatistics] {
        let torrents = await session.statistics()
        return try #require(torrents.first).webSeeds
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid])
    func `a torrent without peers is read from a server`(version: TorrentVersion) async throws {
        try await Self.world(version) { swarmlet in
            let server = try Self.server(swarmlet)
            let session = try await swarmlet.session { $0.webSeeds = [server.server.url()] }
            let torrent = try await swarmlet.add(to: session)
            try await swarmlet.expectWhole(torrent)
            #expect(Set(server.paths) == Set(Self.paths.values))
            let figures = try await Self.figures(session)
            let seed = try #require(figures.first)
            #expect(seed.errors == 0)
            // Padding (BEP 47) is part of blocks, but never of what is asked for.
            #expect(seed.downloaded >= Int64(Self.sizes.values.reduce(0, +)))
        }
    }

    @Test func `a single file is at the URL itself, or below it`() async throws {
        let swarmlet = try Swarmlet(sizes: ["only": 50_000])
        let data = try #require(swarmlet.files["only"])
        let path = swarmlet.folder.appendingPathComponent("data/set/only").path
        var options = TorrentOptions()
        options.pieceLength = 16_384
        for (url, expected) in [("/elsewhere?v=1", "/elsewhere?v=1"), ("/folder/", "/folder/only")]
        {
            let server = try FileServer([expected: data])
            options.webSeeds = [server.server.url(url)]
            let metainfo = try TorrentCreator(path: path, options: options).create()
            let file = swarmlet.folder.appendingPathComponent("only.torrent")
            try Data(metainfo.encoded()).write(to: file)
            let session = try await swarmlet.session()
            let torrent = try await session.add(.file(file.path)) { _ in }
            #expect(try await swarmlet.read(torrent, "only") == data)
            #expect(Set(server.paths) == [expected])
        }
        await swarmlet.end()
    }

    @Test(arguments: [
        FileServer.Manner.ignoresRanges, .wrongRange, .length(1), .length(-1), .corrupts, .encoded,
        .status("404 Not Found"), .status("403 Forbidden"), .status("503 Service Unavailable"),
        .status("429 Too Many Requests", headers: ["Retry-After: 3600"]),
    ])
    func `what a bad server sends is not served, and a good one takes over`(
        manner: FileServer.Manner
    ) async throws {
        try await Self.world { swarmlet in
            let bad = try Self.server(swarmlet, manner: manner)
            let good = try Self.server(swarmlet)
            let session = try await swarmlet.session {
                $0.webSeeds = [bad.server.url(), good.server.url()]
            }
            let torrent = try await swarmlet.add(to: session)
            try await swarmlet.expectWhole(torrent)
            let figures = try await Self.figures(session)
            #expect(figures[0].errors > 0)
            #expect(figures[0].lastError != nil)
            #expect(figures[1].errors == 0)
        }
    }

    @Test func `what a server lacks comes from a peer`() async throws {
        try await Self.world { swarmlet in
            let seeder = try await swarmlet.seeder()
            let server = try Self.server(swarmlet, without: "z")
            let session = try await swarmlet.session {
                $0.webSeeds = [server.server.url()]
                $0.peers = ["127.0.0.1:\(seeder.listenPort)"]
            }
            let torrent = try await swarmlet.add(to: session)
            try await swarmlet.expectWhole(torrent)
        }
    }

    @Test func `a torrent's own URLs do not lead into the private network`() async throws {
        try await Self.world { swarmlet in
            let server = try Self.server(swarmlet)
            let file = try Self.torrent(swarmlet, webSeeds: [server.server.url()])
            let session = try await swarmlet.session { $0.allowsPrivateURLs = false }
            let torrent = try await session.add(.file(file)) { _ in }
            do {
                _ = try await swarmlet.read(torrent, "tiny", patience: .seconds(1))
                Issue.record("it was read")
            } catch is SystemError {}
            let figures = try await Self.figures(session)
            let seed = try #require(figures.first)
            #expect(seed.state == "disabled")
            #expect(seed.lastError?.contains("--local-urls") ?? false)
            #expect(server.server.requestCount == 0)

            // From the command line it may.
            let other = try await swarmlet.session {
                $0.allowsPrivateURLs = false
                $0.webSeeds = [server.server.url()]
            }
            try await swarmlet.expectWhole(try await other.add(.file(file)) { _ in })
        }
    }

    @Test func `a torrent that came from the local network may name its servers`() async throws {
        try await Self.world { swarmlet in
            let server = try Self.server(swarmlet)
            let file = try Self.torrent(swarmlet, webSeeds: [server.server.url()])
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            let site = try HTTPTestServer { $0.answer(Array(bytes)) }
            let session = try await swarmlet.session { $0.allowsPrivateURLs = false }
            let torrent = try await session.add(.url(site.url("/set.torrent"))) { _ in }
            try await swarmlet.expectWhole(torrent)
        }
    }

    @Test func `an infohash is found by a metadata URL, and only what it is the hash of`()
        async throws
    {
        try await Self.world { swarmlet in
            let server = try Self.server(swarmlet)
            let file = try Self.torrent(swarmlet, webSeeds: [server.server.url()])
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
            let identity = swarmlet.metainfo.info.identity
            let other = try Swarmlet(sizes: ["other": 20_000], seed: 9)
            let otherBytes = other.metainfo.encoded()
            let wrong = try HTTPTestServer { $0.answer(otherBytes) }
            let right = try HTTPTestServer { exchange in
                _ = wrong.waitForRequests(1)
                exchange.path == "/\(identity.description).torrent"
                    ? exchange.answer(bytes) : exchange.answer([], status: "404 Not Found")
            }
            let session = try await swarmlet.session {
                $0.metadataURLs = [wrong.url("/{infohash}"), right.url("/{infohash}.torrent")]
            }
            let torrent = try await session.add(.identity(identity)) { _ in }
            try await swarmlet.expectWhole(torrent)
            #expect(wrong.requestCount > 0)
            await other.end()
        }
    }

    private static func torrent(_ swarmlet: Swarmlet, webSeeds: [String]) throws -> String {
        let metainfo = TorrentMetainfo(
            info: swarmlet.metainfo.info, webSeeds: webSeeds,
            pieceLayers: swarmlet.metainfo.pieceLayers)
        let url = swarmlet.folder.appendingPathComponent("seeded.torrent")
        try Data(metainfo.encoded()).write(to: url)
        return url.path
    }

    /// The session's last seconds are for trackers.
    @Test func `no server is asked any more once the session ends`() async throws {
        try await Self.world { swarmlet in
            let asked = Condition<[Timestamp]>([])
            let server = try HTTPTestServer { exchange in
                asked.update { $0.append(.now()) }
                exchange.answer(
                    [], status: "503 Service Unavailable", headers: ["Retry-After: 1"])
            }
            let ended = Condition<Timestamp?>(nil)
            let tracker = try HTTPTestServer { exchange in
                guard exchange.path.contains("event=stopped") else {
                    return exchange.answer(Array("d8:intervali1800e5:peers0:e".utf8))
                }
                ended.update { $0 = $0 ?? .now() }
                exchange.waitUntilClosed()
            }
            let session = try await swarmlet.session {
                $0.webSeeds = [server.url()]
                $0.trackers = [tracker.url("/announce")]
            }
            let torrent = try await swarmlet.add(to: session)
            let read = try swarmlet.reading(torrent, "tiny")
            let deadline = Timestamp.later
            while try await Self.figures(session).first?.errors == 0, .now() < deadline {
                await Task.yield()
            }
            await session.stop()
            torrent.store.giveUp()
            _ = await read.result
            // What was asked before may be taken up a moment later.
            let end = try #require(ended.wait(until: .now()) { $0 }) + .milliseconds(500)
            let late = asked.wait { $0 }?.filter { $0 > end }
            #expect(late == [])
        }
    }
}
