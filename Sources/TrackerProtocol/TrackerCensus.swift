package import TorrentCore

/// How many peers each tracker knows a torrent to have, and when to ask one how it fares (BEP 48).
///
/// What an announce tells is free, and newer; a scrape adds how often the torrent was completed, and
/// the rest where a tracker's answers to announces leave it out.
package struct TrackerCensus: Sendable {
    /// A scrape costs a tracker as much as an announce: it is not asked more often than for those.
    package static let scrapeInterval = Interval.seconds(1800)
    /// After so many failures in a row a tracker is taken not to know scrapes.
    package static let failureLimit = 2

    /// What one tracker has said last; nil where it has not.
    package struct Counts: Equatable, Sendable {
        /// Peers that have everything.
        package var seeds: Int?
        /// Peers that do not.
        package var leechers: Int?
        /// How often the torrent was downloaded to its end.
        package var completed: Int?

        /// Counts.
        package init(seeds: Int? = nil, leechers: Int? = nil, completed: Int? = nil) {
            self.seeds = seeds
            self.leechers = leechers
            self.completed = completed
        }

        /// Of two that know different parts of the swarm, whoever knows more.
        package func merged(with other: Counts) -> Counts {
            Counts(
                seeds: Self.greater(seeds, other.seeds),
                leechers: Self.greater(leechers, other.leechers),
                completed: Self.greater(completed, other.completed))
        }

        private static func greater(_ first: Int?, _ second: Int?) -> Int? {
            guard let first, let second else { return first ?? second }
            return max(first, second)
        }
    }

    private struct Entry {
        var counts = Counts()
        var isBeingScraped = false
        var nextScrape = Timestamp.zero
        var failures = 0
    }

    private var entries: [Int: Entry] = [:]

    /// Nothing is known yet.
    package init() {}

    /// A tracker has answered an announce. Returns whether it is to be scraped now; then one of
    /// `scraped` and `scrapeFailed` follows.
    package mutating func announced(
        _ tracker: Int, _ response: AnnounceResponse, now: Timestamp
    ) -> Bool {
        var entry = entries[tracker] ?? Entry()
        entry.counts.seeds = response.seeders ?? entry.counts.seeds
        entry.counts.leechers = response.leechers ?? entry.counts.leechers
        let isDue =
            !entry.isBeingScraped && entry.failures < Self.failureLimit && entry.nextScrape <= now
        if isDue {
            entry.isBeingScraped = true
            entry.nextScrape = now + Self.scrapeInterval
        }
        entries[tracker] = entry
        return isDue
    }

    /// A scrape was answered.
    package mutating func scraped(_ tracker: Int, _ answer: ScrapeEntry) {
        entries[tracker, default: Entry()].isBeingScraped = false
        entries[tracker]?.failures = 0
        entries[tracker]?.counts = Counts(
            seeds: answer.seeders, leechers: answer.leechers, completed: answer.completed)
    }

    /// A scrape was not answered, or not with what was asked for. `forGood`: nor will the next one be.
    package mutating func scrapeFailed(_ tracker: Int, forGood: Bool = false) {
        entries[tracker, default: Entry()].isBeingScraped = false
        entries[tracker]?.failures += forGood ? Self.failureLimit : 1
    }

    /// What a tracker has said; nil before it has answered.
    package func counts(of tracker: Int) -> Counts? { entries[tracker]?.counts }

    /// The trackers that have answered.
    package var trackers: some Collection<Int> { entries.keys }

    /// What is known over all trackers.
    package var total: Counts {
        entries.values.reduce(Counts()) { $0.merged(with: $1.counts) }
    }
}
