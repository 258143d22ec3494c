import Metainfo
import TorrentCore

/// Which bytes of which files can be given back to the disk when pieces go.
///
/// A filesystem gives back whole blocks; a v1 piece may begin and end in the middle of one. Such a
/// block goes with the last of the pieces that share it.
struct PunchPlan {
    /// A part of a file, in bytes; ends at a whole block, perhaps behind the file's end.
    struct Hole: Equatable, Sendable {
        let file: FileIndex
        let range: Range<Int64>
    }

    let layout: DiskLayout
    let pieceLength: Int
    /// A power of two, the filesystem's block or the memory page where that is larger.
    let blockLength: Int

    /// How many pieces before and behind a piece can share a block with it.
    var reach: Int { 1 + (blockLength - 1) / pieceLength }

    /// The holes of pieces that go. `isFree` says of a piece that goes not whether its bytes are of
    /// no use either.
    func holes(of pieces: Range<PieceIndex>, isFree: (PieceIndex) -> Bool) -> [Hole] {
        guard let first = pieces.first, let last = pieces.last else { return [] }
        let start = Int64(first.value) * Int64(pieceLength)
        let end = min(Int64(last.value + 1) * Int64(pieceLength), layout.totalLength)
        var holes: [Hole] = []
        for piece in pieces {
            for slice in layout.slices(of: piece) {
                if let previous = holes.last, previous.file == slice.file { continue }
                let origin = layout.offset(of: slice.file)
                let lower = max(0, start - origin)
                let upper = min(layout.length(of: slice.file), end - origin)
                // An empty one too, to know the file by; filtered below.
                holes.append(
                    hole(in: slice.file, lower..<upper) { isUnused(slice.file, $0, isFree) })
            }
        }
        return holes.filter { !$0.range.isEmpty }
    }

    /// The hole for a part of a file that goes, perhaps empty. `isUnused` says of bytes beside it
    /// whether they are of no use either.
    func hole(
        in file: FileIndex, _ bytes: Range<Int64>, isUnused: (Range<Int64>) -> Bool
    ) -> Hole {
        let block = Int64(blockLength)
        let floor = { (position: Int64) in position / block * block }
        let ceil = { (position: Int64) in (position + block - 1) / block * block }
        var lower = floor(bytes.lowerBound)
        if lower < bytes.lowerBound, !isUnused(lower..<bytes.lowerBound) {
            lower = ceil(bytes.lowerBound)
        }
        var upper = ceil(bytes.upperBound)
        let next = min(upper, layout.length(of: file))
        if bytes.upperBound < next, !isUnused(bytes.upperBound..<next) {
            upper = floor(bytes.upperBound)
        }
        return Hole(file: file, range: lower..<max(lower, upper))
    }

    private func isUnused(
        _ file: FileIndex, _ bytes: Range<Int64>, _ isFree: (PieceIndex) -> Bool
    ) -> Bool {
        layout.pieces(of: file, offset: bytes.lowerBound, count: bytes.count).allSatisfy(isFree)
    }
}
