/// How a torrent fares according to a tracker (BEP 48).
package struct ScrapeEntry: Equatable, Sendable {
    /// Peers that have everything.
    package let seeders: Int
    /// How many downloads have ever completed.
    package let completed: Int
    /// Peers that do not have everything.
    package let leechers: Int

    /// Counts; negative ones, which only a broken tracker sends, become zero.
    package init(seeders: Int, completed: Int, leechers: Int) {
        self.seeders = max(0, seeders)
        self.completed = max(0, completed)
        self.leechers = max(0, leechers)
    }
}
