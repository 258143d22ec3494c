import Metainfo
import TorrentCore

/// The part of a run of blocks that lies in one file: one HTTP request.
struct RunPart: Equatable, Sendable {
    /// The file.
    let file: FileIndex
    /// Which of its bytes.
    private(set) var range: Range<Int64>
    /// The block of the run that the part begins in, and where in it.
    let firstBlock: Int
    let firstOffset: Int

    var length: Int { range.count }

    /// Cuts a run at the borders of its files; padding is left out (BEP 47).
    static func parts(of blocks: [BlockRequest], in layout: FileLayout) -> [RunPart] {
        var parts: [RunPart] = []
        var slices: [FileSlice] = []
        var piece: PieceIndex?
        // Whether the bytes before are the end of the last part, without padding in between.
        var isWhole = false
        for (number, block) in blocks.enumerated() {
            if block.piece != piece {
                slices = layout.slices(of: block.piece)
                piece = block.piece
            }
            let bytes = Int(block.begin)..<Int(block.begin) + Int(block.length)
            for slice in slices {
                let inPiece = slice.pieceOffset..<slice.pieceOffset + slice.length
                let common = inPiece.clamped(to: bytes)
                guard !common.isEmpty else { continue }
                guard !layout.attributes(of: slice.file).contains(.padding) else {
                    isWhole = false
                    continue
                }
                let start = slice.fileOffset + Int64(common.lowerBound - slice.pieceOffset)
                let range = start..<start + Int64(common.count)
                if isWhole, let last = parts.indices.last, parts[last].file == slice.file,
                    parts[last].range.upperBound == start
                {
                    parts[last].range = parts[last].range.lowerBound..<range.upperBound
                } else {
                    parts.append(
                        RunPart(
                            file: slice.file, range: range, firstBlock: number,
                            firstOffset: common.lowerBound - bytes.lowerBound))
                }
                isWhole = true
            }
        }
        return parts
    }
}
