/// How fast a session may be, over all its torrents: payload bytes a second, nil for no limit.
package struct RateLimits: Equatable, Sendable {
    /// From peers and web seeds.
    package var download: Int?
    /// To peers.
    package var upload: Int?

    /// Limits.
    package init(download: Int? = nil, upload: Int? = nil) {
        self.download = download
        self.upload = upload
    }
}
