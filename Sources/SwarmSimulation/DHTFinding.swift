package import TorrentCore

/// Peers that a node of a simulated DHT has found.
package struct DHTFinding: Sendable {
    /// Who.
    package let node: Int
    /// Of which torrent.
    package let torrent: SHA1Digest
    /// Where they are said to be.
    package let peers: [Endpoint]
    /// When.
    package let time: Timestamp
}
