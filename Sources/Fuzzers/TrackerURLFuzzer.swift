import TorrentCore
import TrackerProtocol

/// Announce URLs, as torrents and magnet links bring them.
enum TrackerURLFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        let text = String(decoding: Array(copying: bytes), as: UTF8.self)
        guard let url = try? TrackerURL(parsing: text) else { return }
        precondition((try? TrackerURL(parsing: url.text)) == url, "not stable: \(url.text)")
        guard let hash = SHA1Digest([UInt8](repeating: 1, count: 20)) else { return }
        _ = HTTPScrape.url(url.text, [hash])
    }
}
