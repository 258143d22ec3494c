package import TorrentCore

/// Why a web seed did not send what it was asked for; what follows is `WebSeed.failed`'s to say.
package enum WebSeedFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// It has too much to do or trouble of its own (408, 425, 429, 5xx), and wants to be left alone
    /// for a while, which it may have said.
    case busy(status: Int, retryAfter: Interval?)
    /// It cannot be reached, is too slow, or broke off; why.
    case unreachable(String)
    /// It does not give this file (404, 403 and other statuses that stay).
    case refused(status: Int)
    /// It sends all of the file where a part is asked for.
    case ignoresRanges
    /// It sends another part than is asked for.
    case wrongRange
    /// Its file has another length.
    case wrongLength
    /// It sends something encoded that was asked for as it is.
    case encoded
    /// The torrent's path cannot be said in a URL.
    case unnameable
    /// A piece of its bytes did not match its hash.
    case corrupt
    /// It must not be asked, at all; why.
    case forbidden(String)

    package var description: String {
        switch self {
        case .busy(let status, nil): "answered with HTTP status \(status)"
        case .busy(let status, let pause?):
            "answered with HTTP status \(status), wants a pause of \(Int(pause.seconds)) s"
        case .unreachable(let reason): reason
        case .refused(let status): "answered with HTTP status \(status)"
        case .ignoresRanges: "sends whole files only"
        case .wrongRange: "sent another part than was asked for"
        case .wrongLength: "has a file of another length"
        case .encoded: "sent encoded data"
        case .unnameable: "a file's path cannot be said in a URL"
        case .corrupt: "sent a piece that does not match its hash"
        case .forbidden(let reason): reason
        }
    }

    /// Whether it is about one file only: the server may be good for the others.
    var isOfFile: Bool {
        switch self {
        case .refused, .ignoresRanges, .wrongRange, .wrongLength, .encoded, .unnameable, .corrupt:
            true
        case .busy, .unreachable, .forbidden: false
        }
    }
}
