import Testing
import TorrentCore

@Suite("Pieces and blocks (BEP 3)")
struct PieceGeometryTests {
    @Test func `the last piece and the last block may be short`() {
        let geometry = PieceGeometry(totalLength: 100_000, pieceLength: 32_768)
        #expect(geometry.pieceCount == 4)
        #expect(geometry.length(of: PieceIndex(0)) == 32_768)
        #expect(geometry.length(of: PieceIndex(3)) == 100_000 - 3 * 32_768)
        #expect(geometry.blockCount(of: PieceIndex(0)) == 2)
        #expect(geometry.blockCount(of: PieceIndex(3)) == 1)
        #expect(geometry.block(0, of: PieceIndex(3)).length == 1696)
    }

    @Test func `a piece length that is no multiple of the block has a short block in each piece`() {
        let geometry = PieceGeometry(totalLength: 60_000, pieceLength: 20_000)
        #expect(geometry.blockCount(of: PieceIndex(1)) == 2)
        #expect(geometry.block(1, of: PieceIndex(1)).length == 3616)
    }

    @Test func `requests outside a piece are not contained`() {
        let geometry = PieceGeometry(totalLength: 40_000, pieceLength: 32_768)
        let last = PieceIndex(1)
        #expect(geometry.contains(BlockRequest(piece: last, begin: 0, length: 7232)))
        #expect(!geometry.contains(BlockRequest(piece: last, begin: 0, length: 7233)))
        #expect(!geometry.contains(BlockRequest(piece: last, begin: -1, length: 10)))
        #expect(!geometry.contains(BlockRequest(piece: last, begin: 0, length: 0)))
        #expect(!geometry.contains(BlockRequest(piece: PieceIndex(2), begin: 0, length: 1)))
        #expect(!geometry.contains(BlockRequest(piece: PieceIndex(-1), begin: 0, length: 1)))
    }

    @Test func `an empty torrent has no pieces`() {
        #expect(PieceGeometry(totalLength: 0, pieceLength: 16_384).pieceCount == 0)
    }
}
