import Metainfo
import Reactor
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Blocks for peers")
struct UploadTests {
    @Test func `every block of a hybrid, padding included, is what the piece holds`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([40_000, 70_000, 5]), pieceLength: 65_536)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(CacheDirectory(path: directory.path)),
            pools: makePools())
        store.putAll(torrent)
        for piece in torrent.geometry.pieces {
            let bytes = torrent.bytes(of: piece)
            for index in 0..<torrent.geometry.blockCount(of: piece) {
                let request = torrent.geometry.block(index, of: piece)
                let end = Int(request.begin + request.length)
                #expect(store.block(request) == Array(bytes[Int(request.begin)..<end]))
            }
            #expect(
                store.block(BlockRequest(piece: piece, begin: 3, length: 2))
                    == Array(bytes[3..<5]))
        }
    }

    @Test func `requests are answered one for one, whatever is asked`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(16_384 * 40, pieceLength: 16_384 * 20)
        let store = try PieceStore(
            metainfo: torrent.metainfo, location: .cache(CacheDirectory(path: directory.path)),
            pools: makePools())
        store.put(PieceIndex(0), torrent.bytes(of: PieceIndex(0)))
        let bytes = torrent.bytes(of: PieceIndex(0))
        var requests = (0..<20).map { torrent.geometry.block($0, of: PieceIndex(0)) }
        requests.insert(torrent.geometry.block(0, of: PieceIndex(1)), at: 5)
        requests.insert(BlockRequest(piece: PieceIndex(0), begin: 327_000, length: 16_384), at: 9)
        requests.insert(BlockRequest(piece: PieceIndex(7), begin: 0, length: 16_384), at: 9)
        requests.append(BlockRequest(piece: PieceIndex(0), begin: 0, length: 200_000))
        requests.append(BlockRequest(piece: PieceIndex(0), begin: -5, length: 10))
        let result = Condition<[[UInt8]?]?>(nil)
        store.readBlocks(requests) { blocks in
            result.update { $0 = blocks.map { block in block.map { Array($0.bytes) } } }
        }
        let answers = try #require(result.wait { $0 })
        #expect(answers.count == requests.count)
        for (request, answer) in zip(requests, answers) {
            let isGood =
                torrent.geometry.contains(request) && request.piece == PieceIndex(0)
                && request.length <= 16_384
            let end = Int(request.begin) + Int(request.length)
            #expect(answer == (isGood ? Array(bytes[Int(request.begin)..<end]) : nil))
        }
        let none = Condition<Int?>(nil)
        store.readBlocks([]) { blocks in none.update { $0 = blocks.count } }
        #expect(none.wait { $0 } == 0)
    }
}
