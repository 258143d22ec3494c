package import TorrentCore

/// Why an announce or a scrape brought nothing; the description is one line for the log.
package enum TrackerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// When a tracker that refused may be asked again (BEP 31).
    package enum RetryAdvice: Equatable, Sendable {
        /// It did not say.
        case unspecified
        /// Not before this time has passed.
        case after(Interval)
        /// Never: it is no tracker for us.
        case never
    }

    /// The URL cannot be used; why.
    case invalidURL(String)
    /// The URL's scheme is none of http, https and udp.
    case unsupportedScheme(String)
    /// The reply is not what the protocol says; what is wrong with it.
    case malformed(String)
    /// The tracker answered with a failure.
    case refused(reason: String, retry: RetryAdvice)
    /// No answer to any of the datagrams sent.
    case timedOut
    /// More requests wait for this tracker than are kept.
    case busy
    /// The connection or the HTTP exchange failed; the transport's own words.
    case transport(String)

    package var description: String {
        switch self {
        case .invalidURL(let reason): "not a tracker URL: \(reason)"
        case .unsupportedScheme(let scheme): "trackers with \(scheme) URLs are not supported"
        case .malformed(let reason): "bad reply: \(reason)"
        case .refused(let reason, _): "refused: \(reason)"
        case .timedOut: "no answer"
        case .busy: "too many requests wait for it"
        case .transport(let reason): reason
        }
    }
}
