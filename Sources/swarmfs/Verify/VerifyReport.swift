import ControlAPI
import Glibc

/// What `swarmfs verify` has found, for people and for programs.
struct VerifyReport: Encodable {
    /// File lines shown to people; `--json` lists more.
    private static let lineLimit = 20
    private static let pieceLimit = 12

    private(set) var torrents: [TorrentVerification] = []

    /// Whether damage was found that is still there.
    var hasDamage: Bool { torrents.contains { $0.piecesDamaged > 0 && !$0.isRepaired } }
    /// Whether damage was found and dropped.
    var hasRepairs: Bool { torrents.contains { $0.piecesDamaged > 0 && $0.isRepaired } }

    /// Adds what was found.
    mutating func add(_ results: [TorrentVerification]) { torrents += results }

    /// What was found of one torrent, a line or more.
    static func text(_ torrent: TorrentVerification) -> String {
        let name = Failure.printable(torrent.name)
        let size = ByteSize.describe(torrent.bytesChecked)
        let checked = "\(torrent.piecesChecked) piece\(torrent.piecesChecked == 1 ? "" : "s")"
        guard torrent.piecesDamaged > 0 else {
            let verdict = torrent.piecesChecked > 0 ? "all right" : "nothing is cached"
            return "\(name): \(checked), \(size): \(verdict)\n"
        }
        var text = "\(name): \(torrent.piecesDamaged) of \(checked), \(size): damaged"
        text += torrent.isRepaired ? ", dropped: fetched again when read\n" : "\n"
        for file in torrent.files.prefix(lineLimit) {
            let pieces = file.pieces.prefix(pieceLimit).map(String.init).joined(separator: ", ")
            let more = file.pieces.count > pieceLimit ? ", ..." : ""
            text +=
                "  \(Failure.printable(file.path)): piece\(file.pieces.count == 1 ? "" : "s") "
                + pieces + more + "\n"
        }
        if torrent.files.count > lineLimit {
            text += "  and \(torrent.files.count - lineLimit) more files\n"
        }
        return text
    }
}
