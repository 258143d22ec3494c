/// Why a symbolic link of a torrent has no text.
package enum LinkError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The target is not in the torrent, or would leave it.
    case noTarget
    /// The links on the way to the target lead in a circle, or are too many.
    case loop
    /// The text would be longer than Linux takes.
    case tooLong

    package var description: String {
        switch self {
        case .noTarget: "the link's target is not in the torrent"
        case .loop: "too many links on the way to the target"
        case .tooLong: "the link's text is longer than 4095 bytes"
        }
    }
}
