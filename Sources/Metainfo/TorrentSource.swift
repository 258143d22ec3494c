package import TorrentCore

/// What a user may name a torrent by.
package enum TorrentSource: Equatable, Sendable {
    /// An infohash.
    case identity(TorrentIdentity)
    /// A magnet link.
    case magnet(MagnetLink)
    /// The path of a .torrent file.
    case file(String)
    /// The http(s) URL of a .torrent file.
    case url(String)

    /// Tells the kinds apart: 40 or 64 hexadecimal digits are an infohash (write `./` before a file
    /// of such a name), a text with a known scheme is a link, and anything else a path.
    package init(parsing text: String) throws(TorrentSourceError) {
        guard !text.isEmpty else { throw .empty }
        if let hash = SHA1Digest(hexadecimal: text) {
            self = .identity(TorrentIdentity(v1: hash))
            return
        }
        if let hash = SHA256Digest(hexadecimal: text) {
            self = .identity(TorrentIdentity(v2: hash))
            return
        }
        switch Self.scheme(of: text) {
        case "magnet":
            do {
                self = .magnet(try MagnetLink(parsing: text))
            } catch {
                throw .magnet(error)
            }
        case "http", "https": self = .url(text)
        case let scheme? where text.dropFirst(scheme.count).hasPrefix("://"):
            throw .unsupportedScheme(scheme)
        default: self = .file(text)
        }
    }

    /// The letters before the first colon, in lower case.
    private static func scheme(of text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex,
            text[..<colon].allSatisfy({ $0.isASCII && $0.isLetter })
        else { return nil }
        return text[..<colon].lowercased()
    }
}
