/// Counts of one torrent's swarm, for a status report.
package struct SwarmStatistics: Equatable, Sendable {
    /// Connected peers.
    package var peers = 0
    /// Peers that unchoke us.
    package var peersUnchoked = 0
    /// Connected peers that have every piece.
    package var seeds = 0
    /// Payload bytes received a second.
    package var downloadRate = 0
    /// Payload bytes sent a second.
    package var uploadRate = 0
    /// Payload bytes received, whatever became of them.
    package var downloaded: Int64 = 0
    /// Payload bytes sent.
    package var uploaded: Int64 = 0
    /// Received bytes that were there already or that nobody wanted any more.
    package var wasted: Int64 = 0
}
