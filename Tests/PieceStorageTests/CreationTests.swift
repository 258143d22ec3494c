import Foundation
import Metainfo
import PieceStorage
import Reactor
import Synchronization
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Making torrents (BEP 3, BEP 47, BEP 52)")
struct CreationTests {
    private func options(_ version: TorrentVersion, pieceLength: Int? = nil) -> TorrentOptions {
        var options = TorrentOptions()
        options.version = version
        options.pieceLength = pieceLength
        return options
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid])
    func `the number of threads changes nothing`(version: TorrentVersion) throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.fill()
        let torrents = try [1, 2, 7].map { count in
            try TorrentCreator(
                path: folder.path, options: options(version, pieceLength: 16384),
                threadCount: count
            ).create().encoded()
        }
        #expect(torrents[0] == torrents[1])
        #expect(torrents[0] == torrents[2])
        let parsed = try TorrentMetainfo(parsing: torrents[0], hashing: OpenSSLHashing())
        #expect(parsed.info.version == version)
        #expect(parsed.info.name == Array("folder".utf8))
    }

    @Test func `settings end up in the torrent`() throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.write("f", bytes: [1])
        var options = options(.hybrid)
        options.announceTiers = [["http://a/", "http://b/"], ["udp://c:1"]]
        options.webSeeds = ["http://w/"]
        options.isPrivate = true
        options.comment = "a remark"
        options.createdBy = "swarmfs"
        options.creationDate = 1_600_000_000
        let made = try TorrentCreator(path: folder.path + "/f", options: options).create()
        let torrent = try TorrentMetainfo(parsing: made.encoded(), hashing: OpenSSLHashing())
        #expect(torrent.announceTiers == options.announceTiers)
        #expect(torrent.webSeeds == options.webSeeds)
        #expect(torrent.info.isPrivate)
        #expect(torrent.comment == "a remark")
        #expect(torrent.createdBy == "swarmfs")
        #expect(torrent.creationDate == 1_600_000_000)
        #expect(torrent.info.layout.isSingleFile)
        #expect(torrent.info.pieceLength == 16384)
        options.source = "elsewhere"
        let other = try TorrentCreator(path: folder.path + "/f", options: options).create()
        #expect(other.info.identity != made.info.identity)
    }

    @Test func `files come in the order of their path components`() throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        for name in ["b", "a/z", "a.txt", "a/b/c", "a-", "B", "a/b.c", "é"] {
            try folder.write(name, bytes: [1])
        }
        let made = try TorrentCreator(path: folder.path, options: options(.v1)).create()
        let paths = made.info.layout.files.map { file in
            made.info.layout.path(of: file).map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: "/")
        }
        #expect(paths == ["B", "a/b/c", "a/b.c", "a/z", "a-", "a.txt", "b", "é"])
    }

    @Test func `progress reaches the end, and never goes back`() throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.fill()
        var seen: [CreationProgress] = []
        _ = try TorrentCreator(path: folder.path, options: options(.hybrid, pieceLength: 16384))
            .create { seen.append($0) }
        let last = try #require(seen.last)
        #expect(last.pieces == last.totalPieces)
        #expect(last.bytes == last.totalBytes)
        #expect(seen.map(\.pieces) == seen.map(\.pieces).sorted())
    }

    @Test func `a cancelled creation says so`() throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        try folder.fill()
        let creator = TorrentCreator(path: folder.path, options: options(.v1))
        creator.cancel()
        #expect(throws: CreationError.cancelled) { try creator.create() }
    }

    @Test func `what cannot be shared is refused`() throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        func make(_ path: String, _ length: Int? = nil) throws(CreationError) {
            let options = options(.hybrid, pieceLength: length)
            _ = try TorrentCreator(path: path, options: options).create()
        }
        #expect(throws: CreationError.draft(.noContent)) { try make(folder.path) }
        try folder.write("empty", bytes: [])
        #expect(throws: CreationError.draft(.noContent)) { try make(folder.path) }
        #expect(throws: CreationError.draft(.noContent)) { try make(folder.path + "/empty") }
        let missing = folder.path + "/missing"
        #expect(throws: CreationError.system(SystemError(ENOENT, "open \(missing)"))) {
            try make(missing)
        }
        try folder.write("f", bytes: [1])
        #expect(throws: CreationError.draft(.badPieceLength(20000))) {
            try make(folder.path, 20000)
        }
        #expect(throws: CreationError.draft(.badPieceLength(128 << 20))) {
            try make(folder.path, 128 << 20)
        }
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let pipe = folder.path + "/pipe"
        #expect(throws: CreationError.unsupportedFile(pipe)) { try make(folder.path) }
        #expect(throws: CreationError.unsupportedFile(pipe)) { try make(pipe) }
    }

    @Test func `names that are no text survive`() throws {
        let folder = try CreationFolder()
        defer { folder.remove() }
        let name: [UInt8] = [0x66, 0xFF, 0xFE]
        let path = Array(folder.path.utf8) + [0x2F] + name + [0]
        let descriptor = path.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer {
            $0.baseAddress.map { open($0, O_CREAT | O_WRONLY, 0o644) } ?? -1
        }
        try #require(descriptor >= 0)
        #expect(write(descriptor, "x", 1) == 1)
        close(descriptor)
        let made = try TorrentCreator(path: folder.path, options: options(.hybrid)).create()
        #expect(made.info.layout.path(of: FileIndex(0)) == [name])
    }
}
