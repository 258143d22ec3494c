import ControlAPI
import Metainfo
import PieceStorage
import TorrentCore

extension TorrentVerification {
    /// Files listed at most, and pieces in all of them: the rest is a number.
    private static let fileLimit = 1000
    private static let pieceLimit = 100_000

    /// What was found, by file; padding files are nobody's.
    init(_ metainfo: TorrentMetainfo, _ result: RecheckResult) {
        let layout = metainfo.info.layout
        var files: [DamagedFile] = []
        var last: FileIndex?
        for piece in result.damaged.prefix(Self.pieceLimit) {
            for slice in layout.slices(of: piece)
            where !layout.attributes(of: slice.file).contains(.padding) {
                if slice.file == last {
                    files[files.count - 1].pieces.append(piece.value)
                    continue
                }
                guard files.count < Self.fileLimit else { break }
                let path = layout.path(of: slice.file).map { String(decoding: $0, as: UTF8.self) }
                files.append(
                    DamagedFile(path: path.joined(separator: "/"), pieces: [piece.value]))
                last = slice.file
            }
        }
        self.init(
            infohash: metainfo.info.identity.description,
            name: String(decoding: metainfo.info.name, as: UTF8.self),
            piecesChecked: result.pieces, bytesChecked: result.bytes,
            piecesDamaged: result.damaged.count, files: files, isRepaired: result.isRepaired)
    }
}
