/// Why no torrent can be made of some files.
package enum DraftError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There are no files, or none has any content.
    case noContent
    /// A piece length that the format does not allow.
    case badPieceLength(Int)
    /// More files, bytes or pieces than a torrent can have.
    case tooLarge
    /// The finished torrent cannot be read again.
    case invalid(MetainfoError)

    package var description: String {
        switch self {
        case .noContent: "there is nothing to share: no file has any content"
        case .badPieceLength(let length):
            "a piece length of \(length) bytes cannot be used: give a power of two from 16 KiB to "
                + "64 MiB"
        case .tooLarge: "the files are too many or too large for one torrent"
        case .invalid(let error): "the torrent would not be valid: \(error)"
        }
    }
}
