import Testing
import TorrentCore
import TrackerProtocol

@Suite("What trackers know of a swarm (BEP 48)")
struct TrackerCensusTests {
    private typealias Counts = TrackerCensus.Counts

    private func at(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    private func response(seeds: Int? = nil, leechers: Int? = nil) -> AnnounceResponse {
        AnnounceResponse(intervalSeconds: 1800, peers: [], seeders: seeds, leechers: leechers)
    }

    @Test func `announces count at once, a scrape adds how often the torrent was completed`() {
        var census = TrackerCensus()
        #expect(census.counts(of: 0) == nil)
        #expect(census.announced(0, response(seeds: 2, leechers: 3), now: .zero) == true)
        #expect(census.counts(of: 0) == Counts(seeds: 2, leechers: 3))
        census.scraped(0, ScrapeEntry(seeders: 4, completed: 90, leechers: 5))
        #expect(census.counts(of: 0) == Counts(seeds: 4, leechers: 5, completed: 90))
        // An announce that says nothing takes nothing back.
        _ = census.announced(0, response(), now: at(60))
        #expect(census.counts(of: 0) == Counts(seeds: 4, leechers: 5, completed: 90))
        _ = census.announced(0, response(seeds: 0, leechers: 1), now: at(120))
        #expect(census.counts(of: 0) == Counts(seeds: 0, leechers: 1, completed: 90))
    }

    @Test func `a tracker is scraped once in half an hour, and not while it is`() {
        var census = TrackerCensus()
        #expect(census.announced(0, response(), now: .zero) == true)
        #expect(census.announced(0, response(), now: at(4000)) == false)
        census.scraped(0, ScrapeEntry(seeders: 0, completed: 0, leechers: 0))
        #expect(census.announced(0, response(), now: at(4000)) == true)
        census.scraped(0, ScrapeEntry(seeders: 0, completed: 0, leechers: 0))
        #expect(census.announced(0, response(), now: at(5799)) == false)
        #expect(census.announced(0, response(), now: at(5800)) == true)
        // Another tracker has a clock of its own.
        #expect(census.announced(1, response(), now: at(5800)) == true)
    }

    @Test func `a tracker that does not answer scrapes is left alone with them`() {
        var census = TrackerCensus()
        #expect(census.announced(0, response(), now: .zero) == true)
        census.scrapeFailed(0)
        #expect(census.announced(0, response(), now: at(60)) == false)
        #expect(census.announced(0, response(), now: at(1800)) == true)
        census.scrapeFailed(0)
        #expect(census.announced(0, response(), now: at(99_999)) == false)
        #expect(census.announced(1, response(), now: .zero) == true)
        census.scrapeFailed(1, forGood: true)
        #expect(census.announced(1, response(), now: at(99_999)) == false)
    }

    @Test func `over all trackers, whoever knows most counts`() {
        var census = TrackerCensus()
        #expect(census.total == Counts())
        _ = census.announced(0, response(seeds: 2, leechers: 30), now: .zero)
        _ = census.announced(1, response(seeds: 5), now: .zero)
        census.scraped(0, ScrapeEntry(seeders: 2, completed: 7, leechers: 30))
        #expect(census.total == Counts(seeds: 5, leechers: 30, completed: 7))
        #expect(Set(census.trackers) == [0, 1])
    }
}
