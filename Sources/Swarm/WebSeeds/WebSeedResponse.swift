import TorrentCore

/// The head of a web seed's answer: what decides whether its body may be taken.
package struct WebSeedResponse: Equatable, Sendable {
    /// A server that wants a longer pause is asked again after this one.
    static let longestRetryAfter = Interval.seconds(3600)

    /// The HTTP status.
    package var status: Int
    /// The value of `Content-Range`.
    package var contentRange: String?
    /// The value of `Content-Length`.
    package var contentLength: String?
    /// The value of `Content-Encoding`.
    package var contentEncoding: String?
    /// The value of `Retry-After`.
    package var retryAfter: String?

    /// A head; see the properties.
    package init(
        status: Int, contentRange: String? = nil, contentLength: String? = nil,
        contentEncoding: String? = nil, retryAfter: String? = nil
    ) {
        self.status = status
        self.contentRange = contentRange
        self.contentLength = contentLength
        self.contentEncoding = contentEncoding
        self.retryAfter = retryAfter
    }

    /// Returns where the body is exactly `range` of a file of `fileLength` bytes, as far as the
    /// head can tell: a 206 with that `Content-Range`, or a 200 where the range is the whole file.
    package func check(
        _ range: Range<Int64>, fileLength: Int64
    ) throws(WebSeedFailure) {
        switch status {
        case 206:
            guard let contentRange, let given = ContentRange(contentRange) else {
                throw .wrongRange
            }
            if let total = given.total, total != fileLength { throw .wrongLength }
            guard given.bytes == range else { throw .wrongRange }
        case 200:
            guard range == 0..<fileLength else { throw .ignoresRanges }
        case 416: throw .wrongLength
        case 408, 425, 429, 500...599: throw .busy(status: status, retryAfter: pause)
        default: throw .refused(status: status)
        }
        if let contentEncoding, contentEncoding.lowercased() != "identity" { throw .encoded }
        if let contentLength, let length = ContentRange.number(contentLength.utf8),
            length != Int64(range.count)
        {
            throw status == 200 ? .wrongLength : .wrongRange
        }
    }

    /// Seconds; the other form, a date, would need a clock that both agree on.
    private var pause: Interval? {
        guard let retryAfter, let seconds = ContentRange.number(retryAfter.utf8) else { return nil }
        return min(.seconds(Double(seconds)), Self.longestRetryAfter)
    }
}
