import Metainfo
import Testing
import TorrentCore
import TorrentTree

@Suite("Paths in a mount")
struct PathTests {
    private func tree() throws -> DirectoryTree {
        DirectoryTree(torrents: [
            try SampleTorrent.make(
                "set",
                [
                    .init("a/one"), .init("a/b/two"), .init("three"),
                    .init("a/link", length: 0, attributes: "l", target: ["three"]),
                ]),
            try SampleTorrent.single("alone", length: 5),
        ])
    }

    private func files(_ path: String) throws -> [[Int]]? {
        let tree = try tree()
        guard let node = tree.node(at: path) else { return nil }
        return tree.files(below: node).map { [$0.torrent, $0.file.value] }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    @Test func `a directory stands for the regular files below it`() throws {
        #expect(try files("") == [[0, 0], [0, 1], [0, 2], [1, 0]])
        #expect(try files("set") == [[0, 0], [0, 1], [0, 2]])
        #expect(try files("/set/a/") == [[0, 0], [0, 1]])
        #expect(try files("set/a/b/two") == [[0, 1]])
        #expect(try files("alone") == [[1, 0]])
        #expect(try files("set/a/link") == [])
    }

    @Test func `what is not there is nothing`() throws {
        #expect(try files("set/x") == nil)
        #expect(try files("set/three/x") == nil)
        #expect(try files("set/../alone") == nil)
    }
}
