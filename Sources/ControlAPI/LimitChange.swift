/// New limits for a mount.
package struct LimitChange: Equatable, Sendable {
    /// Bytes a second from peers and web seeds; 0 for no limit, nil for no change.
    package var maxDownload: Int?
    /// Bytes a second to peers; 0 for no limit, nil for no change.
    package var maxUpload: Int?

    /// A change.
    package init(maxDownload: Int? = nil, maxUpload: Int? = nil) {
        self.maxDownload = maxDownload
        self.maxUpload = maxUpload
    }
}
