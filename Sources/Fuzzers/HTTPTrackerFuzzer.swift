import TorrentCore
import TrackerProtocol

/// Replies of HTTP trackers, to announces and to scrapes.
enum HTTPTrackerFuzzer {
    static func run(_ bytes: Span<UInt8>) {
        let reply = Array(copying: bytes)
        if let response = try? HTTPAnnounce.parse(reply) {
            precondition(response.peers.count <= AnnounceResponse.peerLimit)
            precondition(response.minInterval <= response.interval)
        }
        guard let hash = SHA1Digest(Array(repeating: 0x61, count: 20)) else { return }
        _ = try? HTTPScrape.parse(reply, [hash])
    }
}
