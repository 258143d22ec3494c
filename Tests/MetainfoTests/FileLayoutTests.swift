import Metainfo
import Testing
import TorrentCore
import TorrentCrypto

@Suite("Files in pieces (BEP 3, BEP 47, BEP 52)")
struct FileLayoutTests {
    private func layout(_ lengths: [Int], pieceLength: Int) throws -> FileLayout {
        let total = lengths.reduce(0, +)
        let files = lengths.enumerated().map {
            "d6:lengthi\($0.element)e4:pathl\(String($0.offset).utf8.count):\($0.offset)ee"
        }
        let info = SampleTorrent.info(
            files: files.joined(), pieces: (total + pieceLength - 1) / pieceLength,
            pieceLength: pieceLength)
        return try InfoDictionary(parsing: info, hashing: OpenSSLHashing()).layout
    }

    @Test func `pieces run across files`() throws {
        let layout = try layout([10, 0, 5, 20, 0], pieceLength: 16)
        #expect(layout.totalLength == 35)
        #expect(layout.files.map { layout.offset(of: $0) } == [0, 10, 10, 15, 35])
        #expect(
            layout.slices(of: PieceIndex(0)) == [
                FileSlice(file: FileIndex(0), fileOffset: 0, pieceOffset: 0, length: 10),
                FileSlice(file: FileIndex(2), fileOffset: 0, pieceOffset: 10, length: 5),
                FileSlice(file: FileIndex(3), fileOffset: 0, pieceOffset: 15, length: 1),
            ])
        #expect(
            layout.slices(of: PieceIndex(2)) == [
                FileSlice(file: FileIndex(3), fileOffset: 17, pieceOffset: 0, length: 3)
            ])
        #expect(layout.pieces(of: FileIndex(0)) == PieceIndex(0)..<PieceIndex(1))
        #expect(layout.pieces(of: FileIndex(1)).isEmpty)
        #expect(layout.pieces(of: FileIndex(3)) == PieceIndex(0)..<PieceIndex(3))
        #expect(layout.pieces(of: FileIndex(4)).isEmpty)
    }

    @Test func `a range of a file is clamped to the file`() throws {
        let layout = try layout([10, 100], pieceLength: 16)
        let file = FileIndex(1)
        #expect(layout.pieces(of: file, offset: 6, count: 16) == PieceIndex(1)..<PieceIndex(2))
        #expect(layout.pieces(of: file, offset: 5, count: 17) == PieceIndex(0)..<PieceIndex(2))
        #expect(layout.pieces(of: file, offset: 90, count: .max) == PieceIndex(6)..<PieceIndex(7))
        #expect(layout.pieces(of: file, offset: 100, count: 1).isEmpty)
        #expect(layout.pieces(of: file, offset: .max, count: 1).isEmpty)
        #expect(layout.pieces(of: file, offset: -5, count: 0).isEmpty)
    }

    @Test func `slices of all pieces are exactly the files, whatever the lengths`() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<200 {
            let pieceLength = Int.random(in: 1...40, using: &random)
            var lengths = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                Bool.random(using: &random) ? 0 : Int.random(in: 0...60, using: &random)
            }
            lengths.append(1)
            let layout = try layout(lengths, pieceLength: pieceLength)
            var positions = [Int64](repeating: 0, count: lengths.count)
            let pieces = (lengths.reduce(0, +) + pieceLength - 1) / pieceLength
            for piece in 0..<pieces {
                var offset = 0
                for slice in layout.slices(of: PieceIndex(piece)) {
                    #expect(slice.pieceOffset == offset)
                    #expect(slice.fileOffset == positions[slice.file.value])
                    #expect(slice.length > 0)
                    #expect(layout.pieces(of: slice.file).contains(PieceIndex(piece)))
                    offset += slice.length
                    positions[slice.file.value] += Int64(slice.length)
                }
            }
            #expect(positions == lengths.map(Int64.init))
        }
    }

    @Test func `every file of a v2 torrent starts a piece`() throws {
        let files = [("a", 40000), ("b", 0), ("c", 32768), ("d", 5)].map {
            ($0.0, SampleTorrent.content($0.1, seed: 1))
        }
        let metainfo = try SampleTorrent.folder(files, version: .v2)
        let layout = metainfo.info.layout
        #expect(layout.files.map { layout.offset(of: $0) } == [0, 40000, 65536, 98304])
        #expect(layout.totalLength == 98309)
        #expect(layout.payloadLength == 72773)
        let geometry = metainfo.info.geometry
        #expect(geometry.pieceCount == 4)
        #expect(geometry.pieces.map { geometry.length(of: $0) } == [32768, 7232, 32768, 5])
        #expect(layout.slices(of: PieceIndex(1)).map(\.length) == [7232])
        #expect(layout.file(at: 50000) == nil)
        #expect(layout.pieces(of: FileIndex(3)) == PieceIndex(3)..<PieceIndex(4))
    }

    @Test func `blocks wholly in padding are known, others are not padding`() throws {
        let files = [("a", 20000), ("b", 65536), ("c", 1)].map {
            ($0.0, SampleTorrent.content($0.1, seed: 1))
        }
        let metainfo = try SampleTorrent.folder(files, version: .hybrid, pieceLength: 65536)
        let (layout, geometry) = (metainfo.info.layout, metainfo.info.geometry)
        #expect(layout.hasPadding)
        #expect(layout.payloadLength == 85537)
        let padding = geometry.pieces.map { piece in
            (0..<4).map { layout.isPadding(geometry.block($0, of: piece)) }
        }
        #expect(
            padding == [
                [false, false, true, true], [false, false, false, false],
                [false, true, true, true],
            ])
        #expect(layout.path(of: FileIndex(1)) == [Array(".pad".utf8), Array("45536".utf8)])
        #expect(layout.attributes(of: FileIndex(1)) == .padding)
    }

    @Test func `a run of a hundred thousand empty files costs a piece nothing`() throws {
        let empty = String(repeating: "d6:lengthi0e4:pathl1:aee", count: 100_000)
        let info = SampleTorrent.info(
            files: "d6:lengthi1e4:pathl1:aee" + empty + "d6:lengthi1e4:pathl1:bee")
        let layout = try InfoDictionary(parsing: info, hashing: OpenSSLHashing()).layout
        let slices = layout.slices(of: PieceIndex(0))
        #expect(slices.map(\.file) == [FileIndex(0), FileIndex(100_001)])
        #expect(layout.count == 100_002)
    }
}
