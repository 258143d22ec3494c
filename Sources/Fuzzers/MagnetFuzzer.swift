import Metainfo
import TorrentCore

/// Parses a magnet link, and the link that is written of it.
enum MagnetFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        let text = String(decoding: [UInt8](copying: bytes), as: UTF8.self)
        _ = try? TorrentSource(parsing: text)
        guard let link = try? MagnetLink(parsing: "magnet:?" + text) else { return }
        precondition((try? MagnetLink(parsing: link.description)) != nil)
    }
}
