package import TorrentCore
package import TrackerProtocol

/// One GET over http or https.
package struct HTTPRequest: Sendable {
    /// A connection that takes longer is to a host that is gone, or too far to be of use.
    package static let standardConnectTimeout = Interval.seconds(10)
    /// For small answers, such as a tracker's.
    package static let standardTimeout = Interval.seconds(30)

    /// The URL; any scheme but http and https is refused, in redirects too.
    package var url: String
    /// Most bytes of body, after decompression; one more fails the request.
    package var byteLimit: Int
    /// Time for the name and the connection.
    package var connectTimeout: Interval
    /// Time for everything, redirects included.
    package var timeout: Interval
    /// Which of the host's addresses are used.
    package var family: AnnounceFamily
    /// Whether it goes to public addresses only, as what a torrent names must: see `RedirectGuard`.
    package var publicOnly: Bool
    /// The part of the resource that is wanted, in bytes; a server may answer with all of it, so
    /// check for status 206. A part is asked for uncompressed.
    package var range: ClosedRange<Int64>?
    /// Takes the body, where it is not to be collected; `byteLimit` means nothing then, and any
    /// status is left for it to judge.
    package var sink: (any HTTPBodySink)?
    /// With a sink, a transfer that stays below `slowestRate` for this long has failed.
    package static let slowestTime = Interval.seconds(15)
    /// Bytes a second: a block of 16 KiB in four seconds.
    package static let slowestRate = 4096

    /// A request; see the properties.
    package init(
        url: String, byteLimit: Int, connectTimeout: Interval = standardConnectTimeout,
        timeout: Interval = standardTimeout, family: AnnounceFamily = .any,
        publicOnly: Bool = false, range: ClosedRange<Int64>? = nil
    ) {
        self.url = url
        self.byteLimit = byteLimit
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.family = family
        self.range = range
        self.publicOnly = publicOnly
    }

    /// A request for a part of a resource that goes to `sink` as it comes, for as long as it comes
    /// at all.
    package init(
        url: String, range: Range<Int64>, publicOnly: Bool, sink: any HTTPBodySink
    ) {
        self.init(
            url: url, byteLimit: 0, timeout: .zero, publicOnly: publicOnly,
            range: range.lowerBound...range.upperBound - 1)
        self.sink = sink
    }
}
