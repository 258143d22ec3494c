import Metainfo
import Testing
import TorrentCore

@Suite("Files that a magnet link selects (BEP 53)")
struct FileSelectionTests {
    @Test(arguments: [
        ([], []), ([0...0], [0]), ([4...6, 0...0, 2...2], [0, 2, 4, 5, 6]),
        ([3...5, 0...9, 4...4], Array(0...9)), ([0...1, 2...3], [0, 1, 2, 3]),
        ([8...Int(UInt32.max), 9...9], [8, 9]),
    ])
    func `a file is selected where some range names it`(
        ranges: [ClosedRange<Int>], files: [Int]
    ) {
        let selection = FileSelection(ranges)
        #expect((0..<10).filter { selection.contains(FileIndex($0)) } == files)
    }

    @Test func `ranges in another order, or cut differently, are the same selection`() {
        #expect(FileSelection([0...1, 2...2, 7...9]) == FileSelection([8...9, 0...2, 7...8]))
    }

    @Test func `a magnet link without a selection selects nothing in particular`() throws {
        let plain = "magnet:?xt=urn:btih:" + String(repeating: "a", count: 40)
        #expect(try MagnetLink(parsing: plain).selection == nil)
        #expect(
            try MagnetLink(parsing: plain + "&so=1,3-4").selection == FileSelection([1...1, 3...4]))
    }
}
