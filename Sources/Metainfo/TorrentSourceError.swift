/// Why a text names no torrent.
package enum TorrentSourceError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing was given.
    case empty
    /// A URL whose scheme is not `http`, `https` or `magnet`.
    case unsupportedScheme(String)
    /// A magnet link with a fault.
    case magnet(MagnetError)

    package var description: String {
        switch self {
        case .empty: "no torrent was named"
        case .unsupportedScheme(let scheme):
            "\(scheme) URLs are not supported: give an infohash, a magnet link, a .torrent file or "
                + "an http(s) URL of one"
        case .magnet(let error): error.description
        }
    }
}
