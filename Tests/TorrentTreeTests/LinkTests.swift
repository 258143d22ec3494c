import Testing
import TorrentTree

@Suite("Symbolic links (BEP 47)")
struct LinkTests {
    private func tree(_ files: [SampleTorrent.File]) throws -> DirectoryTree {
        DirectoryTree(torrents: [try SampleTorrent.make("t", files)])
    }

    private func link(_ path: String, to target: [String]) -> SampleTorrent.File {
        .init(path, length: 0, attributes: "l", target: target)
    }

    private func text(_ tree: DirectoryTree, _ path: String) throws -> String {
        String(decoding: try tree.linkText(of: try #require(tree.node(path))), as: UTF8.self)
    }

    @Test func `a link's text leads from its directory to the target`() throws {
        let tree = try tree([
            .init("lib/so.1"), link("lib/so", to: ["lib", "so.1"]),
            link("top", to: ["lib", "so.1"]),
            link("a/b/deep", to: ["lib", "so"]), link("a/folder", to: ["lib"]),
            link("self", to: []), link("lib/up", to: ["lib", "..", ".", "a"]),
        ])
        #expect(try text(tree, "t/lib/so") == "../lib/so.1")
        #expect(try text(tree, "t/top") == "lib/so.1")
        #expect(try text(tree, "t/a/b/deep") == "../../lib/so")
        #expect(try text(tree, "t/a/folder") == "../lib")
        #expect(try text(tree, "t/self") == ".")
        #expect(try text(tree, "t/lib/up") == "../a")
        let node = try #require(tree.node("t/a/b/deep"))
        #expect(tree.attributes(of: node).size == 12)
        #expect(tree.attributes(of: node).permissions == 0o777)
    }

    @Test func `a target behind another link is followed`() throws {
        let tree = try tree([
            .init("F/Versions/A/F"), link("F/Versions/Current", to: ["F", "Versions", "A"]),
            link("F/F", to: ["F", "Versions", "Current", "F"]),
        ])
        #expect(try text(tree, "t/F/F") == "../F/Versions/Current/F")
    }

    @Test func `a target that has another name here is found`() throws {
        let tree = DirectoryTree(torrents: [
            try SampleTorrent.make(
                Array("t".utf8),
                [
                    .init(raw: [Array("a/b".utf8), Array("f".utf8)]),
                    link("l", to: ["a/b", "f"]),
                ])
        ])
        let folder = try #require(tree.names(in: "t").first)
        #expect(try text(tree, "t/l") == "\(folder)/f")
    }

    @Test(arguments: [
        ["..", "x"], ["/etc/passwd"], ["a", "..", "..", "x"], ["gone"], ["f", "below"], ["..."],
        ["..", "..", "..", "etc", "passwd"], ["", "", ".."],
    ])
    func `a target outside of the torrent is refused`(target: [String]) throws {
        let tree = try tree([.init("f"), .init("a/g"), link("l", to: target)])
        #expect(throws: LinkError.noTarget) { try text(tree, "t/l") }
        #expect(tree.attributes(of: try #require(tree.node("t/l"))).size == 0)
    }

    @Test func `links in a circle end`() throws {
        let tree = try tree([
            link("a", to: ["b", "x"]), link("b", to: ["a", "y"]), link("c", to: ["c", "c"]),
        ])
        #expect(throws: LinkError.loop) { try text(tree, "t/a") }
        #expect(throws: LinkError.loop) { try text(tree, "t/c") }
    }

    @Test func `a text longer than a path can be is refused`() throws {
        let name = String(repeating: "n", count: 250)
        let folders = (0..<17).map { "\(name)\($0 % 10)" }
        let tree = try tree([
            .init(folders.joined(separator: "/") + "/f"), link("l", to: folders + ["f"]),
        ])
        #expect(throws: LinkError.tooLong) { try text(tree, "t/l") }
    }
}
