/// Why a text is no magnet link that can be used (BEP 9, BEP 53).
package enum MagnetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It does not start with `magnet:?`.
    case notAMagnetLink
    /// It is longer than `MagnetLink.maximumLength`.
    case tooLong
    /// A `%` without two hexadecimal digits behind it.
    case badEscape
    /// No `xt` names a BitTorrent infohash.
    case noInfohash
    /// An `xt` that should be an infohash, and is not.
    case badInfohash(String)
    /// Two different infohashes of one kind.
    case conflictingInfohashes
    /// A `so` that is no list of numbers and ranges.
    case badSelection(String)

    package var description: String {
        switch self {
        case .notAMagnetLink: "this is no magnet link: it does not start with \"magnet:?\""
        case .tooLong: "the magnet link is too long"
        case .badEscape: "the magnet link has a malformed %-escape"
        case .noInfohash: "the magnet link names no infohash (xt=urn:btih:... or urn:btmh:...)"
        case .badInfohash(let text): "the magnet link's infohash \"\(text)\" is malformed"
        case .conflictingInfohashes: "the magnet link names two different torrents"
        case .badSelection(let text): "the magnet link's file selection \"\(text)\" is malformed"
        }
    }
}
