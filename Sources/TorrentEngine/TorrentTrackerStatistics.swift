package import TrackerProtocol

/// One tracker of a torrent that has been asked, as `status` shows it.
package struct TorrentTrackerStatistics: Equatable, Sendable {
    /// Where it is.
    package let url: String
    /// How many peers it knows.
    package var counts = TrackerCensus.Counts()
    /// Why it did not answer; nil where it did when it was asked last.
    package var lastError: String?
}
