/// What `cache show --json` prints; the keys are stable and snake_case.
struct CacheDetail: Encodable {
    /// One file of the torrent.
    struct File: Encodable {
        let path: String
        let size: Int64
        let cachedBytes: Int64
        let isPinned: Bool
    }

    let torrent: CacheReport.Torrent
    let cachedBytes: Int64
    let files: [File]

    private enum CodingKeys: String, CodingKey {
        case cachedBytes, files
    }

    /// The torrent's own keys, and those of its contents beside them.
    func encode(to encoder: any Encoder) throws {
        try torrent.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cachedBytes, forKey: .cachedBytes)
        try container.encode(files, forKey: .files)
    }
}
