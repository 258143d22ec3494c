import Metainfo
import Reactor
import Testing
import TorrentCore
import TorrentTree

@testable import FUSEBridge

@Suite("Files that a magnet link selects (BEP 53)")
struct SelectionTests {
    @Test(arguments: [0, 1])
    func `only what is selected is fetched ahead of a reader`(number: Int) throws {
        var sample = SampleTorrent()
        sample.add("left out", 64 << 20)
        sample.add("selected", 64 << 20)
        sample.selection = FileSelection([1...1])
        let torrent = try sample.make()
        let contents = FakeContents(torrent, isCached: false)
        let states = InodeStates()
        let (node, file) = (NodeID(7), FileIndex(number))
        _ = states.opened(node, as: .cached)
        for start in stride(from: Int64(0), to: 8 << 20, by: 1 << 17) {
            states.observe(
                start..<start + 1 << 17, of: node, file: file, in: torrent, contents,
                handle: FileHandle(number: 1, isComplete: false))
        }
        #expect(contents.state.update { $0.windows.isEmpty } == (number == 0))
        _ = states.released(node, in: contents)
    }
}
