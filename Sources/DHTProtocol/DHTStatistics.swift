package import TorrentCore

/// A node's figures at one moment.
package struct DHTStatistics: Equatable, Sendable {
    /// Nodes in the tables, by DHT.
    package var nodes: [AddressFamily: Int] = [:]
    /// Those of them that have answered lately, by DHT.
    package var goodNodes: [AddressFamily: Int] = [:]
    /// Torrents of which others have announced themselves to us as peers.
    package var torrents = 0
    /// Those peers.
    package var peers = 0
    /// Items that others have put with us.
    package var items = 0
    /// Lookups under way.
    package var lookups = 0
    /// Questions asked and answers got since the start.
    package var questions = 0
    /// Questions of ours that were answered.
    package var answers = 0
    /// Questions of others that we have answered.
    package var served = 0
    /// Datagrams dropped: broken, too many, or none of ours.
    package var dropped = 0
    /// Whether we answer the questions of others.
    package var isServing = false
    /// Our address, where enough nodes agree on it.
    package var externalAddresses: [IPAddress] = []

    /// All zero.
    package init() {}
}
