import Bencode
import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Info dictionaries (BEP 3, BEP 27, BEP 47)")
struct InfoDictionaryTests {
    private func parse(_ bytes: [UInt8]) throws(MetainfoError) -> InfoDictionary {
        try InfoDictionary(parsing: bytes, hashing: OpenSSLHashing())
    }

    private func single(_ fields: String, pieces: Int = 1) -> [UInt8] {
        var info = Array("d\(fields)6:pieces\(pieces * 20):".utf8)
        info += Array(repeating: 7, count: pieces * 20)
        return info + Array("e".utf8)
    }

    @Test func `a single file bears the torrent's name`() throws {
        let info = try parse(single("6:lengthi100e4:name5:a.txt12:piece lengthi16384e"))
        #expect(info.version == .v1)
        #expect(info.layout.isSingleFile)
        #expect(info.layout.path(of: FileIndex(0)) == [Array("a.txt".utf8)])
        #expect(info.layout.length(of: FileIndex(0)) == 100)
        #expect(info.geometry.pieceCount == 1)
        #expect(info.pieceHash(PieceIndex(0)) == SHA1Digest([UInt8](repeating: 7, count: 20)))
        #expect(info.pieceHash(PieceIndex(1)) == nil)
        #expect(!info.isPrivate)
    }

    @Test func `the infohash is of the bytes as they came, sorted or not`() throws {
        let unsorted = single("4:name1:n6:lengthi100e12:piece lengthi16384e3:abci1e")
        let info = try parse(unsorted)
        #expect(info.bytes == unsorted)
        #expect(info.identity == TorrentIdentity(v1: OpenSSLHashing().sha1(unsorted.span)))
        let metainfo = try TorrentMetainfo(
            parsing: SampleTorrent.torrent(info: unsorted), hashing: OpenSSLHashing())
        #expect(metainfo.info.bytes == unsorted)
        #expect(metainfo.info.identity == info.identity)
    }

    @Test func `a private torrent says so`() throws {
        let fields = "6:lengthi1e4:name1:n12:piece lengthi16384e"
        let bytes = Array(single(fields).dropLast()) + Array("7:privatei1ee".utf8)
        #expect(try parse(bytes).isPrivate)
    }

    @Test func `UTF-8 names are preferred`() throws {
        let files = "d6:lengthi1e4:pathl1:xe10:path.utf-8l1:yee"
        #expect(
            try parse(SampleTorrent.info(files: files)).layout.path(of: FileIndex(0)) == [
                Array("y".utf8)
            ])
        let info = try parse(
            single("6:lengthi1e4:name1:n10:name.utf-81:m12:piece lengthi16384e"))
        #expect(info.name == Array("m".utf8))
        #expect(info.layout.path(of: FileIndex(0)) == [Array("m".utf8)])
    }

    @Test func `attributes and links are read`() throws {
        let files =
            "d4:attr1:x6:lengthi3e4:pathl3:bin3:runee"
            + "d4:attr1:h6:lengthi3e4:pathl4:.cfgee"
            + "d4:attr2:xl6:lengthi9e4:pathl4:linke12:symlink pathl3:bin3:runee"
            + "d4:attr1:l6:lengthi0e4:pathl6:brokenee"
            + "d4:attr1:p6:lengthi10ee"
        let layout = try parse(SampleTorrent.info(files: files)).layout
        #expect(
            layout.files.map { layout.attributes(of: $0) } == [
                .executable, .hidden, [.executable, .symlink], [], .padding,
            ])
        // A link takes no room, whatever it says.
        #expect(layout.files.map { layout.length(of: $0) } == [3, 3, 0, 0, 10])
        #expect(
            layout.symlinkTarget(of: FileIndex(2)) == [Array("bin".utf8), Array("run".utf8)])
        #expect(layout.symlinkTarget(of: FileIndex(0)) == nil)
        #expect(layout.path(of: FileIndex(0)) == [Array("bin".utf8), Array("run".utf8)])
        #expect(layout.path(of: FileIndex(4)) == [Array(".pad".utf8), Array("10".utf8)])
        #expect(layout.payloadLength == 6)
    }

    @Test func `BitComet's padding is padding`() throws {
        let files =
            "d6:lengthi3e4:pathl1:aeed6:lengthi10e4:pathl22:_____padding_file_0_xxee"
        let layout = try parse(SampleTorrent.info(files: files)).layout
        #expect(layout.attributes(of: FileIndex(1)) == .padding)
    }

    @Test func `names are raw bytes, never mended here`() throws {
        let files = "d6:lengthi1e4:pathl2:..0:3:a/b1:\0ee"
        let layout = try parse(SampleTorrent.info(files: files)).layout
        #expect(
            layout.path(of: FileIndex(0)) == [
                Array("..".utf8), [], Array("a/b".utf8), [0],
            ])
    }

    @Test(arguments: [
        ("4:name1:n12:piece lengthi16384e", MetainfoError.badField("length")),
        ("6:lengthi100e12:piece lengthi16384e", .badField("name")),
        ("6:lengthi100e4:namei1e12:piece lengthi16384e", .badField("name")),
        ("6:lengthi100e4:name1:n", .badField("piece length")),
        ("6:lengthi100e4:name1:n12:piece lengthi0e", .badPieceLength(0)),
        ("6:lengthi100e4:name1:n12:piece lengthi-1e", .badPieceLength(-1)),
        (
            "6:lengthi100e4:name1:n12:piece lengthi134217728e",
            .badPieceLength(134_217_728)
        ),
        ("6:lengthi-1e4:name1:n12:piece lengthi16384e", .badLength),
        (
            "6:lengthi9223372036854775807e4:name1:n12:piece lengthi16384e",
            .tooMany("pieces")
        ),
        (
            "6:lengthi9223372036854775808e4:name1:n12:piece lengthi16384e",
            .badField("length")
        ),
        (
            "6:lengthi16385e4:name1:n12:piece lengthi16384e",
            .pieceCountMismatch(expected: 2, found: 1)
        ),
        (
            "6:lengthi0e4:name1:n12:piece lengthi16384e",
            .pieceCountMismatch(expected: 0, found: 1)
        ),
        (
            "6:lengthi1e12:meta versioni3e4:name1:n12:piece lengthi16384e",
            .unsupportedVersion(3)
        ),
        (
            "6:lengthi1e12:meta versioni2e4:name1:n12:piece lengthi16384e",
            .badField("file tree")
        ),
        ("5:filesle4:name1:n12:piece lengthi16384e", .badField("files")),
        ("5:filesl1:ae4:name1:n12:piece lengthi16384e", .badField("files")),
    ])
    func `bad fields are refused`(fields: String, error: MetainfoError) {
        #expect(throws: error) { try parse(single(fields)) }
    }

    @Test(arguments: [
        ("d6:lengthi-1e4:pathl1:aee", MetainfoError.badLength),
        ("d4:pathl1:aee", .badField("length")),
        ("d6:lengthi1e4:pathlee", .badField("path")),
        ("d6:lengthi1ee", .badField("path")),
        ("d6:lengthi1e4:pathli1eee", .badField("path")),
        (
            "d6:lengthi9223372036854775800e4:pathl1:aeed6:lengthi100e4:pathl1:bee",
            .tooMany("pieces")
        ),
        (
            "d6:lengthi1e4:pathl" + String(repeating: "1:a", count: 101) + "ee",
            .tooMany("directories above a file")
        ),
        (
            "d6:lengthi1e4:pathl4097:" + String(repeating: "a", count: 4097) + "ee",
            .tooMany("bytes in a name")
        ),
    ])
    func `bad files are refused`(files: String, error: MetainfoError) {
        #expect(throws: error) { try parse(SampleTorrent.info(files: files)) }
    }

    @Test func `lengths whose sum overflows are refused`() {
        var limits = MetainfoLimits.standard
        limits.pieces = .max
        let files = String(
            repeating: "d6:lengthi9223372036854775807e4:pathl1:aee", count: 2)
        #expect(throws: MetainfoError.badLength) {
            try InfoDictionary(
                parsing: SampleTorrent.info(files: files), hashing: OpenSSLHashing(),
                limits: limits)
        }
    }

    @Test func `the number of files is bounded`() {
        var limits = MetainfoLimits.standard
        limits.files = 2
        let file = "d6:lengthi1e4:pathl1:aee"
        #expect(throws: MetainfoError.tooMany("files")) {
            try InfoDictionary(
                parsing: SampleTorrent.info(files: file + file + file),
                hashing: OpenSSLHashing(), limits: limits)
        }
    }

    @Test func `empty files alone make a torrent without pieces`() throws {
        let info = try parse(SampleTorrent.info(files: "d6:lengthi0e4:pathl1:aee", pieces: 0))
        #expect(info.geometry.pieceCount == 0)
        #expect(info.layout.pieces(of: FileIndex(0)).isEmpty)
    }
}
