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
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
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
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
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

    @Test(arguments: [1_000_000, 100_000, 40_000, 16_384, 16_383, 0])
    func `blocks at hand are copied one behind the other, as far as they fit`(room: Int) throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.hybrid(
            SampleTorrent.files([40_000, 70_000, 5]), pieceLength: 65_536)
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        store.putAll(torrent)
        let requests = torrent.geometry.pieces.flatMap { piece in
            (0..<torrent.geometry.blockCount(of: piece)).map {
                torrent.geometry.block($0, of: piece)
            }
        }
        var expected: [UInt8] = []
        var count = 0
        for request in requests {
            guard expected.count + Int(request.length) <= room else { break }
            let end = Int(request.begin + request.length)
            expected += torrent.bytes(of: request.piece)[Int(request.begin)..<end]
            count += 1
        }
        #expect(room < 1_000_000 || count == requests.count)
        var target = [UInt8](repeating: 0xEE, count: room)
        let copied = target.withUnsafeMutableBytes { store.copyResident(requests[...], into: $0) }
        #expect(copied == count)
        #expect(Array(target.prefix(expected.count)) == expected)
    }

    @Test func `blocks that are not at hand, or make no sense, end what is copied`() throws {
        let directory = try TemporaryDirectory()
        let torrent = try SampleTorrent.single(16_384 * 6, pieceLength: 16_384 * 2)
        let good = torrent.geometry.block(0, of: PieceIndex(0))
        var target = [UInt8](repeating: 0, count: 1 << 20)
        func copied(_ store: PieceStore, _ requests: [BlockRequest]) -> Int {
            target.withUnsafeMutableBytes { store.copyResident(requests[...], into: $0) }
        }
        do {
            let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
            for piece in [0, 2] {
                store.put(PieceIndex(piece), torrent.bytes(of: PieceIndex(piece)))
            }
            store.waitUntilWritten()
            let missing = torrent.geometry.block(0, of: PieceIndex(1))
            let bad = [
                missing, BlockRequest(piece: PieceIndex(0), begin: 20_000, length: 16_384),
                BlockRequest(piece: PieceIndex(9), begin: 0, length: 16_384),
                BlockRequest(piece: PieceIndex(0), begin: -5, length: 10),
            ]
            for request in bad {
                #expect(copied(store, [request, good]) == 0)
                #expect(copied(store, [good, good, request, good]) == 2)
            }
            #expect(copied(store, []) == 0)
            store.close(until: .later)
        }
        // A file that is not open is the threads' to open.
        let store = try PieceStore(torrent, in: CacheDirectory(path: directory.path))
        #expect(copied(store, [good]) == 0)
        #expect(store.block(good) == Array(torrent.bytes(of: PieceIndex(0)).prefix(16_384)))
        #expect(copied(store, [good]) == 1)
    }
}
