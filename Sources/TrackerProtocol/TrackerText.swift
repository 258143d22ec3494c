import TorrentCore

/// Makes text from a tracker fit for a log line or a terminal.
enum TrackerText {
    /// Failure reasons and warnings are a sentence; a page of HTML is cut here.
    static let limit = 200

    /// At most `limit` bytes as UTF-8, control characters as `?`.
    static func clean(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(limit), as: UTF8.self)
        var clean = ""
        clean.unicodeScalars.append(
            contentsOf: text.unicodeScalars.map { $0.isControl ? "?" : $0 })
        return clean
    }
}
