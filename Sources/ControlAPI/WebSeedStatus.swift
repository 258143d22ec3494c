/// What one web seed of a torrent is doing; the keys are stable and snake_case.
package struct WebSeedStatus: Codable, Equatable, Sendable {
    /// Where it is.
    package var url: String
    /// `idle`, `active`, `paused` (after a failure) or `disabled`.
    package var state: String
    /// Payload bytes received from it since the mount.
    package var downloaded: Int64
    /// Bytes a second that arrive from it now.
    package var downloadRate: Int
    /// Requests that failed.
    package var errors: Int
    /// Why the last of them did; null where none has.
    package var lastError: String?

    /// A status.
    package init(
        url: String, state: String, downloaded: Int64, downloadRate: Int, errors: Int,
        lastError: String?
    ) {
        self.url = url
        self.state = state
        self.downloaded = downloaded
        self.downloadRate = downloadRate
        self.errors = errors
        self.lastError = lastError
    }

    private enum CodingKeys: String, CodingKey {
        case url, state, downloaded, errors
        case downloadRate = "download_rate"
        case lastError = "last_error"
    }

    /// Encodes every key, an absent error as null: scripts can rely on each key being there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(url, forKey: .url)
        try container.encode(state, forKey: .state)
        try container.encode(downloaded, forKey: .downloaded)
        try container.encode(downloadRate, forKey: .downloadRate)
        try container.encode(errors, forKey: .errors)
        try container.encode(lastError, forKey: .lastError)
    }
}
