import Metainfo
import Swarm
import TorrentCore

/// A run of blocks on its way from a web seed. Belongs to its torrent's shard.
final class WebSeedRun {
    /// Requests of one run at a time: one is on its way while the answer to another arrives.
    static let concurrentParts = 2

    /// Tells it from runs that the same lane had before.
    let attempt: UInt64
    let seed: Int
    let parts: [RunPart]
    let landing: RunLanding
    /// The first part that has not been asked for.
    var nextPart = 0
    /// Parts that have come whole.
    var finishedParts = 0
    /// Those under way.
    var requests: [Int: (id: HTTPRequestID, sink: PartSink)] = [:]

    init(attempt: UInt64, seed: Int, parts: [RunPart], landing: RunLanding) {
        self.attempt = attempt
        self.seed = seed
        self.parts = parts
        self.landing = landing
    }

    /// Whether another part may be asked for.
    var mayContinue: Bool { nextPart < parts.count && requests.count < Self.concurrentParts }
}
