package import TorrentCore

/// What a `UDPTrackerStateMachine` wants done, or has to tell.
package enum UDPTrackerAction: Equatable, Sendable {
    /// Send this datagram; the reply comes from the same endpoint.
    case send(datagram: [UInt8], to: Endpoint)
    /// An announce was answered.
    case announced(UDPTrackerRequestID, AnnounceResponse)
    /// A scrape was answered, in the order of the infohashes asked for.
    case scraped(UDPTrackerRequestID, [ScrapeEntry])
    /// A request has failed for good.
    case failed(UDPTrackerRequestID, TrackerError)
}
