import Reactor
import TorrentCore
import TrackerProtocol

/// How trackers see the swarm (BEP 48), for the status.
extension Torrent {
    /// Nobody waits for a scrape.
    private static let scrapeTimeout = Interval.seconds(20)

    /// Asks a tracker that has just answered an announce.
    func scrape(_ tracker: Int, now: Timestamp) {
        let url = announces.url(of: tracker) ?? ""
        let hash = announces.hash(of: tracker)
        switch try? TrackerURL(parsing: url) {
        case .http(let base):
            guard let url = HTTPScrape.url(base, [hash]) else {
                return census.scrapeFailed(tracker, forGood: true)
            }
            let (id, mailbox) = (self.id, context.mailbox)
            let request = HTTPRequest(
                url: url, byteLimit: HTTPAnnounce.responseLimit, timeout: Self.scrapeTimeout,
                publicOnly: sources.isPublicOnly(base))
            httpScrapes[tracker] = context.http.get(request) { result in
                mailbox.post(.httpScraped(id, tracker: tracker, result))
            }
        case .udp:
            guard let endpoint = udpEndpoints[tracker]?.first else {
                return census.scrapeFailed(tracker)
            }
            context.udpTrackers.scrape(hash, at: endpoint, torrent: id, tracker: tracker, now: now)
        case nil:
            census.scrapeFailed(tracker, forGood: true)
        }
    }

    /// An HTTP tracker has answered a scrape, or has not.
    func httpScraped(_ tracker: Int, _ result: Result<HTTPResponse, HTTPError>) {
        guard httpScrapes.removeValue(forKey: tracker) != nil else { return }
        let hash = announces.hash(of: tracker)
        let entries = try? HTTPScrape.parse(result.get().body, [hash])
        scraped(tracker, entries?[hash])
    }

    /// A scrape has ended; nil where it failed, or the tracker does not know the torrent.
    func scraped(_ tracker: Int, _ entry: ScrapeEntry?) {
        if let entry {
            census.scraped(tracker, entry)
        } else {
            Log.debug("\(identity): \(announces.url(of: tracker) ?? "tracker") gives no scrape")
            census.scrapeFailed(tracker)
        }
    }

    /// Nobody asks for the status any more.
    func cancelScrapes() {
        for request in httpScrapes.values { context.http.cancel(request) }
        httpScrapes = [:]
    }

    /// What trackers have said, each under its URL once: a hybrid asks it for two hashes.
    func trackerStatistics() -> [TorrentTrackerStatistics] {
        var result: [String: TorrentTrackerStatistics] = [:]
        for tracker in Set(census.trackers).union(trackerErrors.keys) {
            guard let url = announces.url(of: tracker) else { continue }
            let counts = census.counts(of: tracker) ?? TrackerCensus.Counts()
            var entry = result[url] ?? TorrentTrackerStatistics(url: url)
            entry.counts = entry.counts.merged(with: counts)
            entry.lastError = entry.lastError ?? trackerErrors[tracker]?.description
            result[url] = entry
        }
        return result.values.sorted { $0.url < $1.url }
    }
}
