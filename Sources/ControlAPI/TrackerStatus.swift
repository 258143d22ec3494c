/// What one tracker says of a torrent; the keys are stable and snake_case.
package struct TrackerStatus: Codable, Equatable, Sendable {
    /// Where it is.
    package var url: String
    /// Peers that have everything; null where it does not tell.
    package var seeds: Int?
    /// Peers that do not; null where it does not tell.
    package var leechers: Int?
    /// How often the torrent was downloaded to its end; null where it does not tell.
    package var completed: Int?
    /// Why it did not answer when it was asked last; null where it did.
    package var lastError: String?

    /// A status.
    package init(url: String, seeds: Int?, leechers: Int?, completed: Int?, lastError: String?) {
        self.url = url
        self.seeds = seeds
        self.leechers = leechers
        self.completed = completed
        self.lastError = lastError
    }

    private enum CodingKeys: String, CodingKey {
        case url, seeds, leechers, completed
        case lastError = "last_error"
    }

    /// Encodes every key, what is not known as null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(url, forKey: .url)
        try container.encode(seeds, forKey: .seeds)
        try container.encode(leechers, forKey: .leechers)
        try container.encode(completed, forKey: .completed)
        try container.encode(lastError, forKey: .lastError)
    }
}
