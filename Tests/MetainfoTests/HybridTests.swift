import Bencode
import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Hybrid and v2 torrents (BEP 52)")
struct HybridTests {
    private let hashing = OpenSSLHashing()

    private func parse(_ bytes: [UInt8]) throws(MetainfoError) -> InfoDictionary {
        try InfoDictionary(parsing: bytes, hashing: hashing)
    }

    private func hybrid() throws -> [UInt8] {
        let files = [("a", SampleTorrent.content(40_000, seed: 1)), ("d/b", [1, 2, 3])]
        return try SampleTorrent.folder(files, version: .hybrid).info.bytes
    }

    /// The info dictionary with one occurrence of a text replaced, the first or the last.
    private func replace(
        _ old: String, by new: String, last: Bool = false, in bytes: [UInt8]
    ) throws -> [UInt8] {
        let (old, new) = (Array(old.utf8), Array(new.utf8))
        let starts = (0...bytes.count - old.count).filter {
            bytes[$0..<$0 + old.count].elementsEqual(old)
        }
        let start = try #require(last ? starts.last : starts.first)
        return Array(bytes[..<start]) + new + Array(bytes[(start + old.count)...])
    }

    @Test func `a hybrid has both infohashes, and roots beside its hashes`() throws {
        let info = try parse(try hybrid())
        #expect(info.version == .hybrid)
        #expect(info.identity.v1 == hashing.sha1(info.bytes.span))
        #expect(info.identity.v2 == hashing.sha256(info.bytes.span))
        let layout = info.layout
        #expect(layout.count == 4)
        #expect(
            layout.files.map { layout.piecesRoot(of: $0) != nil } == [true, false, true, false])
        #expect(info.geometry.pieceCount == 3)
        #expect(info.geometry.length(of: PieceIndex(2)) == 32768)
        #expect(info.pieceHash(PieceIndex(2)) != nil)
    }

    @Test func `halves that disagree are refused`() throws {
        let bytes = try hybrid()
        let mutants = [
            // The v1 list stands behind the tree: another length, name, directory, missing padding.
            try replace("6:lengthi3e", by: "6:lengthi4e", last: true, in: bytes),
            try replace("4:pathl1:ae", by: "4:pathl1:ce", in: bytes),
            try replace("4:pathl1:d1:be", by: "4:pathl1:be", in: bytes),
            try replace("4:attr1:p", by: "4:attr1:x", in: bytes),
            try replace("6:lengthi25536e", by: "6:lengthi25535e", in: bytes),
            // The tree: another length.
            try replace("6:lengthi3e", by: "6:lengthi5e", in: bytes),
        ]
        for mutant in mutants {
            #expect {
                try parse(mutant)
            } throws: { error in
                guard case .inconsistentHybrid = error as? MetainfoError else { return false }
                return true
            }
        }
    }

    @Test func `padding behind the last file may be missing`() throws {
        let bytes = try hybrid()
        let padding = "d4:attr1:p6:lengthi32765e4:pathl4:.pad5:32765ee"
        let info = try parse(try replace(padding, by: "", in: bytes))
        #expect(info.layout.count == 3)
        #expect(info.geometry.length(of: PieceIndex(2)) == 3)
    }

    @Test func `a single file is the same file in both halves`() throws {
        let info = try SampleTorrent.file([1, 2, 3], version: .hybrid).info
        #expect(info.layout.isSingleFile)
        #expect(info.layout.count == 1)
        #expect(info.layout.path(of: FileIndex(0)) == [Array("single".utf8)])
        let renamed = try replace("4:name6:single", by: "4:name6:double", in: info.bytes)
        #expect(throws: MetainfoError.inconsistentHybrid("only one is a single file")) {
            try parse(renamed)
        }
    }

    @Test func `a v2 torrent of one file is single where the names agree`() throws {
        let info = try SampleTorrent.file([1, 2, 3], version: .v2).info
        #expect(info.version == .v2)
        #expect(info.identity.v1 == nil)
        #expect(info.layout.isSingleFile)
        let folder = try SampleTorrent.folder([("f", [1, 2, 3])], version: .v2).info
        #expect(!folder.layout.isSingleFile)
        #expect(folder.layout.path(of: FileIndex(0)) == [Array("f".utf8)])
    }

    private func tree(_ tree: String, pieceLength: Int = 16384) -> [UInt8] {
        Array(
            "d9:file treed\(tree)e12:meta versioni2e4:name1:n12:piece lengthi\(pieceLength)ee".utf8)
    }

    private static let root = "11:pieces root32:0123456789abcdef0123456789abcdef"

    @Test func `directories nest, and paths come from them`() throws {
        let info = try parse(
            tree(
                "1:ad1:bd1:cd0:d6:lengthi1e\(Self.root)eee1:dd0:d6:lengthi0eeee"
                    + "1:zd0:d4:attr1:l12:symlink pathl1:a1:deee"))
        let layout = info.layout
        let paths = layout.files.map { file in
            layout.path(of: file).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(paths == [["a", "b", "c"], ["a", "d"], ["z"]])
        #expect(layout.symlinkTarget(of: FileIndex(2)) == [Array("a".utf8), Array("d".utf8)])
    }

    @Test(arguments: [
        ("", MetainfoError.badField("file tree")),
        ("1:ai1e", .badFileTree),
        ("0:d6:lengthi1ee", .badFileTree),
        ("1:ad0:d6:lengthi0ee1:bd0:d6:lengthi0eeee", .badFileTree),
        ("1:ad0:i1ee", .badFileTree),
        ("1:ad0:d6:lengthi1eee", .badField("pieces root")),
        ("1:ad0:d6:lengthi1e11:pieces root3:abcee", .badField("pieces root")),
        ("1:ad0:d\(root)ee", .badField("length")),
        ("1:ad0:d6:lengthi-1eee", .badLength),
        ("1:ad0:d4:attr1:p6:lengthi0eee", .badFileTree),
        ("1:ad0:d6:lengthi9223372036854775807e\(root)ee", .tooMany("pieces")),
        ("1:ad0:d6:lengthi281474976710656e\(root)ee", .tooMany("pieces")),
    ])
    func `bad trees are refused`(text: String, error: MetainfoError) {
        #expect(throws: error) { try parse(tree(text)) }
    }

    @Test(arguments: [16383, 8192, 24576, 0])
    func `v2 pieces are powers of two from 16 KiB`(length: Int) {
        #expect(throws: MetainfoError.badPieceLength(Int64(length))) {
            try parse(tree("1:ad0:d6:lengthi0eee", pieceLength: length))
        }
    }

    @Test func `a tree may be as deep as a path may be long, and no deeper`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            let above = String(repeating: "1:ad", count: depth - 1)
            let ends = String(repeating: "e", count: depth - 1)
            return tree(above + "1:fd0:d6:lengthi0eee" + ends)
        }
        let info = try parse(nested(100))
        #expect(info.layout.path(of: FileIndex(0)).count == 100)
        #expect(throws: MetainfoError.tooMany("directories above a file")) {
            try parse(nested(101))
        }
        #expect(throws: MetainfoError.self) { try parse(nested(5000)) }
    }
}
