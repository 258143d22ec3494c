import ControlAPI
import PieceStorage

extension EvictionReport {
    /// From what a store says.
    init(_ result: EvictionResult) {
        self.init(
            pieces: result.pieces, bytes: result.bytes, piecesKept: result.piecesKept)
    }

    /// One line.
    var text: String {
        var text = "evicted \(ByteSize.describe(bytes)) (\(pieces) piece\(pieces == 1 ? "" : "s"))"
        if piecesKept > 0 { text += "; \(piecesKept) stay, pinned or in use" }
        return text
    }
}
