/// How fast a mount may be and how many peers it may have; the keys are stable and snake_case.
package struct TransferLimits: Codable, Equatable, Sendable {
    /// Bytes a second from peers and web seeds; null for no limit.
    package var maxDownload: Int?
    /// Bytes a second to peers; null for no limit.
    package var maxUpload: Int?
    /// Connections over all torrents.
    package var maxConnections: Int

    /// Limits.
    package init(maxDownload: Int?, maxUpload: Int?, maxConnections: Int) {
        self.maxDownload = maxDownload
        self.maxUpload = maxUpload
        self.maxConnections = maxConnections
    }

    private enum CodingKeys: String, CodingKey {
        case maxDownload = "max_download"
        case maxUpload = "max_upload"
        case maxConnections = "max_connections"
    }

    /// Encodes every key, an absent limit as null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(maxDownload, forKey: .maxDownload)
        try container.encode(maxUpload, forKey: .maxUpload)
        try container.encode(maxConnections, forKey: .maxConnections)
    }
}
