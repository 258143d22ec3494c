import Bencode
import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Torrent files (BEP 3, BEP 12, BEP 19, BEP 52)")
struct TorrentMetainfoTests {
    private let hashing = OpenSSLHashing()

    private func parse(_ bytes: [UInt8]) throws(MetainfoError) -> TorrentMetainfo {
        try TorrentMetainfo(parsing: bytes, hashing: hashing)
    }

    private static let files: [(path: String, bytes: [UInt8])] = [
        ("a/big", SampleTorrent.content(150_000, seed: 1)),
        ("a/copy", SampleTorrent.content(150_000, seed: 1)),
        ("empty", []),
        ("z", SampleTorrent.content(20_000, seed: 2)),
    ]

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid])
    func `what is encoded parses to the same torrent`(version: TorrentVersion) throws {
        let made = try SampleTorrent.folder(Self.files, version: version)
        let full = TorrentMetainfo(
            info: made.info, announceTiers: [["http://a/", "udp://b:1"], ["http://c/"]],
            webSeeds: ["http://w/1", "http://w/2"], comment: "hé", createdBy: "me",
            creationDate: 1_700_000_000, pieceLayers: made.pieceLayers)
        let parsed = try parse(full.encoded())
        #expect(parsed.info.identity == made.info.identity)
        #expect(parsed.info.version == version)
        #expect(parsed.announceTiers == full.announceTiers)
        #expect(parsed.webSeeds == full.webSeeds)
        #expect(parsed.comment == "hé")
        #expect(parsed.createdBy == "me")
        #expect(parsed.creationDate == 1_700_000_000)
        #expect(parsed.encoded() == full.encoded())
        for piece in made.info.geometry.pieces {
            #expect(parsed.verification(of: piece) == made.verification(of: piece))
            #expect(parsed.verification(of: piece) != .unavailable)
        }
    }

    @Test func `nodes of the DHT are read, and what is none is left out`() throws {
        let info = try SampleTorrent.folder(Self.files, version: .v1).info.bytes
        let nodes =
            "l" + "l9:127.0.0.1i6881ee" + "l16:your.router.nodei4804ee" + "l11:2001:db8::1i1941ee"
            + "l3:bade" + "i7e" + "l1:xi70000ee" + "e"
        let bytes = Array("d4:info".utf8) + info + Array("5:nodes\(nodes)e".utf8)
        #expect(
            try parse(bytes).dhtNodes == [
                "127.0.0.1:6881", "your.router.node:4804", "[2001:db8::1]:1941",
            ])
    }

    @Test func `every piece of a v2 torrent verifies against its own bytes`() throws {
        let made = try SampleTorrent.folder(Self.files, version: .v2)
        let layout = made.info.layout
        for piece in made.info.geometry.pieces {
            let slice = try #require(layout.slices(of: piece).first)
            let path = layout.path(of: slice.file).map { String(decoding: $0, as: UTF8.self) }
            let bytes = try #require(
                Self.files.first { $0.path == path.joined(separator: "/") }?.bytes)
            let start = Int(slice.fileOffset)
            let leaves = MerkleTree.leaves(
                of: bytes.span.extracting(start..<start + slice.length), hashing: hashing)
            guard case .merkle(let root, let leafCount) = made.verification(of: piece) else {
                Issue.record("no root for piece \(piece)")
                continue
            }
            let isSmall = layout.length(of: slice.file) <= layout.length(of: FileIndex(3))
            #expect(leafCount == 2)
            #expect(isSmall == (piece.value == 10))
            #expect(
                MerkleTree.root(leaves: leaves, leafCount: leafCount, hashing: hashing) == root)
        }
    }

    @Test func `files of equal content share a root and a layer`() throws {
        let made = try SampleTorrent.folder(Self.files, version: .v2)
        let layout = made.info.layout
        #expect(layout.piecesRoot(of: FileIndex(0)) == layout.piecesRoot(of: FileIndex(1)))
        #expect(layout.piecesRoot(of: FileIndex(2)) == nil)
        let document = try BencodeDocument(parsing: made.encoded())
        let layers = try #require(document.value(document.root, "piece layers"))
        #expect(document.entries(layers).count == 1)
        let parsed = try parse(made.encoded())
        let first = try #require(parsed.pieceLayers.layer(of: FileIndex(0), in: layout))
        let second = try #require(parsed.pieceLayers.layer(of: FileIndex(1), in: layout))
        #expect(first.elementsEqual(second))
    }

    @Test func `without piece layers only files of one piece verify`() throws {
        let made = try SampleTorrent.folder(Self.files, version: .v2)
        let bare = TorrentMetainfo(info: made.info)
        #expect(bare.verification(of: PieceIndex(0)) == .unavailable)
        #expect(bare.verification(of: PieceIndex(10)) == made.verification(of: PieceIndex(10)))
    }

    @Test func `a wrong piece layer makes the torrent unusable`() throws {
        var bytes = try SampleTorrent.folder(Self.files, version: .v2).encoded()
        // The layer is the last thing in the file but the two ends.
        bytes[bytes.count - 3] ^= 1
        #expect(throws: MetainfoError.badPieceLayer) { try parse(bytes) }
    }

    @Test func `one tracker is one tier, and an announce list goes before it`() throws {
        let info = SampleTorrent.info(files: "d6:lengthi1e4:pathl1:aee")
        let single = Array("d8:announce3:url4:info".utf8) + info + Array("e".utf8)
        #expect(try parse(single).announceTiers == [["url"]])
        let list = "13:announce-listll1:ae0:l1:b1:cee"
        let both = Array("d8:announce3:url\(list)4:info".utf8) + info + Array("e".utf8)
        #expect(try parse(both).announceTiers == [["a"], ["b", "c"]])
        let seeds = Array("d4:info".utf8) + info + Array("8:url-list5:http:e".utf8)
        #expect(try parse(seeds).webSeeds == ["http:"])
        #expect(try parse(SampleTorrent.torrent(info: info)).announceTiers.isEmpty)
    }

    @Test(arguments: ["de", "le", "i1e", "4:info", "d4:infoi1ee", "d4:infoleee"])
    func `what is no torrent is refused`(text: String) {
        #expect(throws: MetainfoError.self) { try parse(Array(text.utf8)) }
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid])
    func `every truncation is refused`(version: TorrentVersion) throws {
        let files = [("a", SampleTorrent.content(70_000, seed: 1)), ("b", [1])]
        let bytes = try SampleTorrent.folder(files, version: version).encoded()
        for count in 0..<bytes.count {
            #expect(throws: MetainfoError.self) { try parse(Array(bytes[..<count])) }
        }
    }

    @Test(arguments: [TorrentVersion.v1, .v2, .hybrid])
    func `mutated torrents parse or fail, and hold together`(version: TorrentVersion) throws {
        let files = [("d/a", SampleTorrent.content(70_000, seed: 1)), ("d/b", [1]), ("e", [])]
        let sample = try SampleTorrent.folder(files, version: version).encoded()
        var random = SeededRandom(seed: 5)
        let digits = Array("0123456789:iled".utf8)
        for _ in 0..<3000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                bytes[position] =
                    Bool.random(using: &random)
                    ? UInt8(truncatingIfNeeded: random.next())
                    : digits[Int.random(in: 0..<digits.count, using: &random)]
            }
            guard let metainfo = try? parse(bytes) else { continue }
            let (layout, geometry) = (metainfo.info.layout, metainfo.info.geometry)
            for file in layout.files {
                _ = layout.path(of: file)
                _ = layout.symlinkTarget(of: file)
            }
            for piece in geometry.pieces.prefix(8) {
                let length = layout.slices(of: piece).reduce(0) { $0 + $1.length }
                #expect(length == geometry.length(of: piece))
                _ = metainfo.verification(of: piece)
            }
        }
    }
}
