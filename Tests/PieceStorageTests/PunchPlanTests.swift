import Metainfo
import Testing
import TorrentCore

@testable import PieceStorage

@Suite("Which blocks go with a piece")
struct PunchPlanTests {
    private static let block = 4096

    /// For each file, which of its blocks no piece in `kept` touches.
    private func freeBlocks(_ torrent: SampleTorrent, _ kept: Set<PieceIndex>) -> [[Bool]] {
        torrent.layout.files.map { file in
            let length = Int(torrent.layout.length(of: file))
            return (0..<(length + Self.block - 1) / Self.block).map { block in
                let pieces = torrent.layout.pieces(
                    of: file, offset: Int64(block * Self.block), count: Self.block)
                return pieces.allSatisfy { !kept.contains($0) }
            }
        }
    }

    @Test(arguments: 0..<40)
    func `holes are all free blocks of what goes and no other`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        let lengths = (0..<8).map { _ in Int(random.next() % 60_000) }
        let torrent =
            seed % 2 == 0
            ? try SampleTorrent.v1(
                SampleTorrent.files(lengths, seed: UInt64(seed)), pieceLength: 16_384)
            : try SampleTorrent.v2(
                SampleTorrent.files(lengths, seed: UInt64(seed)), pieceLength: 16_384)
        let plan = PunchPlan(
            layout: DiskLayout(torrent.layout, pieceLength: 16_384, isPacked: false),
            pieceLength: 16_384, blockLength: Self.block)
        var kept = Set(torrent.geometry.pieces)
        var punched = torrent.layout.files.map { file in
            [Bool](
                repeating: false,
                count: (Int(torrent.layout.length(of: file)) + Self.block - 1) / Self.block)
        }
        while !kept.isEmpty {
            let all = torrent.geometry.pieces
            let first = PieceIndex(Int(random.next() % UInt64(all.count)))
            let last = min(
                all.upperBound, first.advanced(by: 1 + Int(random.next() % 4)))
            for piece in first..<last { kept.remove(piece) }
            for hole in plan.holes(of: first..<last, isFree: { !kept.contains($0) }) {
                #expect(hole.range.lowerBound % Int64(Self.block) == 0)
                #expect(hole.range.upperBound % Int64(Self.block) == 0)
                for offset in stride(
                    from: hole.range.lowerBound, to: hole.range.upperBound, by: Self.block)
                {
                    punched[hole.file.value][Int(offset) / Self.block] = true
                }
            }
            #expect(punched == freeBlocks(torrent, kept))
        }
    }

    @Test func `small pieces reach as far as a large block does`() throws {
        let torrent = try SampleTorrent.single(200_000, pieceLength: 16_384)
        let plan = PunchPlan(
            layout: DiskLayout(torrent.layout, pieceLength: 16_384, isPacked: false),
            pieceLength: 16_384, blockLength: 65_536)
        #expect(plan.reach == 4)
        let one = plan.holes(of: PieceIndex(1)..<PieceIndex(2), isFree: { _ in false })
        #expect(one.isEmpty)
        let all = plan.holes(of: PieceIndex(1)..<PieceIndex(2), isFree: { $0.value < 4 })
        #expect(all == [PunchPlan.Hole(file: FileIndex(0), range: 0..<65_536)])
    }
}
