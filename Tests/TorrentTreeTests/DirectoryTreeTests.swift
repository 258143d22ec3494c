import Metainfo
import Testing
import TorrentCore
import TorrentTree

@Suite("The mounted namespace")
struct DirectoryTreeTests {
    @Test func `a torrent shows as a download folder would`() throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                "data",
                [
                    .init("readme.txt", length: 5), .init("a/one", length: 7),
                    .init("a/b/two", length: 9), .init("a/three", length: 11),
                ]),
            try SampleTorrent.single("film.mkv", length: 40),
        ])
        #expect(tree.names(in: "") == ["data", "film.mkv"])
        #expect(tree.names(in: "data") == ["readme.txt", "a"])
        #expect(tree.names(in: "data/a") == ["one", "b", "three"])
        #expect(tree.nodeCount == 9)
        let two = try #require(tree.node("data/a/b/two"))
        #expect(tree.kind(of: two) == .file(torrent: 0, file: FileIndex(2)))
        #expect(tree.path(of: two) == "data/a/b/two")
        #expect(tree.attributes(of: two).size == 9)
        let film = try #require(tree.node("film.mkv"))
        #expect(tree.kind(of: film) == .file(torrent: 1, file: FileIndex(0)))
        #expect(tree.node("data/nothing") == nil)
        #expect(tree.node("data/readme.txt/x") == nil)
    }

    @Test func `attributes are read-only, dated, and count subdirectories`() throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                "t", [.init("x", attributes: "x"), .init("d/e/y"), .init("d/f/z"), .init("d/w")])
        ])
        let top = tree.attributes(of: try #require(tree.node("t")))
        #expect(top.permissions == 0o555)
        #expect(top.linkCount == 3)
        #expect(top.modificationTime == 1_700_000_000)
        #expect(tree.attributes(of: try #require(tree.node("t/d"))).linkCount == 4)
        #expect(tree.attributes(of: try #require(tree.node("t/x"))).permissions == 0o555)
        #expect(tree.attributes(of: try #require(tree.node("t/d/w"))).permissions == 0o444)
        #expect(tree.attributes(of: .root).linkCount == 3)
        #expect(tree.attributes(of: .root).inode == 1)
    }

    @Test(arguments: [(nil, 0), (-5, 0), (Int64.max, 253_402_300_799)] as [(Int64?, Int64)])
    func `a creation date out of range is held to what tools can print`(
        date: Int64?, expected: Int64
    ) throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(Array("t".utf8), [.init("f")], creationDate: date)
        ])
        #expect(tree.attributes(of: tree.top(of: 0)).modificationTime == expected)
    }

    @Test func `inode numbers differ within a torrent and are the same in every mount`() throws {
        let files = (0..<500).map { SampleTorrent.File("d\($0 % 7)/f\($0)") }
        let first = try SampleTorrent.make("first", files)
        let second = try SampleTorrent.make("second", files)
        let alone = DirectoryTree(torrents: [second])
        let together = DirectoryTree(torrents: [first, second])
        var seen: Set<UInt64> = []
        for node in 0..<UInt32(together.nodeCount) {
            seen.insert(together.inode(of: NodeID(node)))
        }
        #expect(seen.count == together.nodeCount)
        for path in ["second", "second/d3", "second/d3/f3", "second/d6/f13"] {
            #expect(
                alone.inode(of: try #require(alone.node(path)))
                    == together.inode(of: try #require(together.node(path))))
        }
    }

    @Test func `padding files and their folder are hidden`() throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                "t", [.init("a"), .init(".pad/100", length: 100, attributes: "p"), .init("b")])
        ])
        #expect(tree.names(in: "t") == ["a", "b"])
    }

    @Test func `a hundred thousand files in one directory are found by name and by position`()
        throws
    {
        let count = 100_000
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make("t", (0..<count).map { .init("f\($0)") })
        ])
        let top = try #require(tree.node("t"))
        #expect(tree.childCount(of: top) == count)
        for index in stride(from: 0, to: count, by: 997) {
            let node = try #require(tree.node("t/f\(index)"))
            #expect(tree.child(index, of: top) == node)
        }
    }

    // MARK: - Names

    @Test func `names that cannot be used are replaced by one rule`() throws {
        let long = [UInt8](repeating: UInt8(ascii: "n"), count: 300) + Array(".safetensors".utf8)
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                Array("..".utf8),
                [
                    .init(raw: [[]]), .init(raw: [Array(".".utf8)]),
                    .init(raw: [Array("a/b".utf8)]),
                    .init(raw: [Array("c".utf8) + [0]]), .init(raw: [long]),
                    .init(raw: [Array("/etc/passwd".utf8)]), .init(raw: [[0xFF, 0xFE]]),
                ])
        ])
        let top = try #require(tree.names(in: "").first)
        #expect(top.hasPrefix("__~") && top.utf8.count == 11)
        let names = (0..<7).map { tree.name(of: tree.child($0, of: tree.top(of: 0))) }
        let texts = names.map { String(decoding: $0, as: UTF8.self) }
        #expect(texts[0].hasPrefix("_~"))
        #expect(texts[1].hasPrefix("_~"))
        #expect(texts[0] != texts[1])
        #expect(texts[2].hasPrefix("a_b~"))
        #expect(texts[3].hasPrefix("c_~"))
        #expect(names[4].count == 255)
        #expect(texts[4].hasPrefix("nnn") && texts[4].hasSuffix(".safetensors"))
        #expect(texts[5].hasPrefix("_etc_passwd~"))
        #expect(names[6] == [0xFF, 0xFE])
        for name in names {
            #expect(!name.contains(0) && !name.contains(UInt8(ascii: "/")))
            #expect((1...255).contains(name.count))
        }
        #expect(tree.replacedName(of: tree.child(4, of: tree.top(of: 0))) == long)
        #expect(tree.replacedName(of: tree.child(6, of: tree.top(of: 0))) == nil)
    }

    @Test func `a long name is not cut within a character`() throws {
        let name = Array(String(repeating: "ж", count: 200).utf8)
        let tree = DirectoryTree(torrents: [try SampleTorrent.make("t", [.init(raw: [name])])])
        let short = tree.name(of: tree.child(0, of: tree.top(of: 0)))
        #expect(short.count <= 255)
        #expect(String(validating: short, as: UTF8.self) != nil)
    }

    @Test func `equal names in one directory are numbered in the torrent's order`() throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                "t",
                [
                    .init("a.txt"), .init("a.txt"), .init("a~2.txt"), .init("a.txt"), .init("d/x"),
                    .init("d"), .init("e"), .init("e/y"), .init("e/z"),
                ])
        ])
        #expect(
            tree.names(in: "t") == [
                "a.txt", "a~2.txt", "a~2~2.txt", "a~3.txt", "d", "d~2", "e", "e~2",
            ])
        #expect(tree.names(in: "t/e~2") == ["y", "z"])
        #expect(tree.kind(of: try #require(tree.node("t/d"))).isDirectory)
    }

    @Test func `many equal names cost no more than as many different ones`() throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make("t", (0..<20_000).map { _ in .init("same") })
        ])
        #expect(tree.node("t/same~20000") != nil)
    }

    @Test func `a file and a directory of one unusable name both stay reachable`() throws {
        let bad = Array("a/b".utf8)
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                Array("t".utf8),
                [
                    .init(raw: [bad]), .init(raw: [bad, Array("x".utf8)]),
                    .init(raw: [bad, Array("y".utf8)]),
                ])
        ])
        let names = tree.names(in: "t")
        #expect(names.count == 2)
        #expect(tree.names(in: "t/\(names[1])") == ["x", "y"])
    }

    @Test func `torrents of one name get their infohash appended`() throws {
        let first = try SampleTorrent.make("same", [.init("a")])
        let second = try SampleTorrent.make("same", [.init("b")])
        let tree = DirectoryTree(torrents: [first, second, second])
        let label = "same-\(second.identity.description.prefix(8))"
        #expect(tree.names(in: "") == ["same", label, "\(label)~2"])
        #expect(tree.names(in: label) == ["b"])
    }
}
