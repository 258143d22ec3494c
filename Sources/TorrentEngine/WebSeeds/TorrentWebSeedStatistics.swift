/// One web seed's figures at one moment, as `status` shows them.
package struct TorrentWebSeedStatistics: Equatable, Sendable {
    /// Where it is.
    package var url: String
    /// `idle`, `active`, `paused` (after a failure) or `disabled`.
    package var state: String
    /// Payload bytes since the start.
    package var downloaded: Int64
    /// Payload bytes a second.
    package var downloadRate: Int
    /// Requests that failed.
    package var errors: Int
    /// Why the last of them did, in words.
    package var lastError: String?
}
