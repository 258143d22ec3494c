/// Why an HTTP request brought nothing; the description is one line without the URL.
package enum HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not a URL.
    case invalidURL
    /// A scheme other than http and https, in the URL or in a redirect; what libcurl says.
    case unsupportedProtocol(String)
    /// The name has no address.
    case hostNotFound
    /// Nobody listens there.
    case refused
    /// The host cannot be reached; why.
    case unreachable(String)
    /// The time given has passed.
    case timedOut
    /// TLS failed, or the certificate is not trusted; why.
    case tls(String)
    /// A status other than 200 to 299.
    case status(Int)
    /// The body is longer than the limit, in bytes.
    case tooLarge(limit: Int)
    /// The headers are longer than `HTTPTransfer.headerLimit`.
    case headersTooLarge
    /// More redirects than `HTTPTransfer.redirectLimit`.
    case tooManyRedirects
    /// The URL came from a torrent, and leads to an address of the private network.
    case privateAddress
    /// The sink did not want the response.
    case declined
    /// A public host redirected to an address of the private network.
    case redirectedInward
    /// The connection ended before the answer was complete.
    case closedEarly
    /// The answer is not HTTP, or its compression is broken.
    case invalidResponse
    /// `cancel` or `stop` came first.
    case cancelled
    /// Something else; libcurl's own words.
    case other(String)

    package var description: String {
        switch self {
        case .invalidURL: "not a valid URL"
        case .unsupportedProtocol(let detail): "only http and https are supported (\(detail))"
        case .hostNotFound: "host not found"
        case .refused: "connection refused"
        case .unreachable(let reason): "cannot be reached: \(reason)"
        case .timedOut: "timed out"
        case .tls(let reason): "TLS failed: \(reason)"
        case .status(let code): "answered with HTTP status \(code)"
        case .tooLarge(let limit): "answered with more than \(limit) bytes"
        case .headersTooLarge: "answered with too many headers"
        case .tooManyRedirects: "redirects too often"
        case .privateAddress: "leads into the private network, which only --local-urls allows"
        case .declined: "the answer was not wanted"
        case .redirectedInward: "redirects from a public to a private address"
        case .closedEarly: "closed the connection early"
        case .invalidResponse: "did not answer in valid HTTP"
        case .cancelled: "cancelled"
        case .other(let reason): reason
        }
    }
}
