import Swarm
package import TorrentCore

/// What became of one simulated node.
package struct NodeReport: Equatable, Sendable {
    /// Seconds that each read took, in the order of their ends.
    package var latencies: [Double] = []
    /// Reads that were planned.
    package var plannedReads = 0
    /// Bytes that readers got.
    package var bytesRead = 0
    /// Reads whose bytes differed from the source. Never more than zero.
    package var wrongReads = 0
    /// Pieces that failed their hash.
    package var failedPieces = 0
    /// Nodes that it banned, by number, in order.
    package var banned: [Int] = []
    /// Blocks that it requested.
    package var requests = 0
    /// Payload bytes that arrived.
    package var downloaded: Int64 = 0
    /// Payload bytes sent.
    package var uploaded: Int64 = 0
    /// Payload that was there already or not wanted.
    package var wasted: Int64 = 0
    /// When the last read ended.
    package var finishedAt = Timestamp.zero

    /// Whether every planned read was answered.
    package var isFinished: Bool { latencies.count == plannedReads }
}
