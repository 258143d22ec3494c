package import TorrentCore
package import TrackerProtocol

/// A torrent's figures at one moment, as `status` shows them.
package struct TorrentStatistics: Sendable {
    /// Its infohashes.
    package var identity: TorrentIdentity
    /// Its name, made printable.
    package var name: String
    /// Bytes of all its files, padding left out.
    package var size: Int64
    /// Bytes on disk and verified.
    package var cachedBytes: Int64
    /// Bytes a piece.
    package var pieceLength: Int
    /// How many pieces it has.
    package var pieces: Int
    /// How many of them are cached.
    package var piecesCached: Int
    /// Open connections that have shaken hands.
    package var peers: Int
    /// Those of them that let us download.
    package var peersUnchoked: Int
    /// Those of them that are connected over uTP.
    package var peersOverUTP: Int
    /// Those of them that have every piece.
    package var seeds: Int
    /// The whole swarm, as the tracker that knows most of it told last.
    package var swarm: TrackerCensus.Counts
    /// Seconds since a complete copy was last seen, by us or a peer; zero while one is here, nil
    /// where none ever was.
    package var completeAgo: Int?
    /// The trackers that were asked.
    package var trackers: [TorrentTrackerStatistics]
    /// Payload bytes a second.
    package var downloadRate: Int
    /// Payload bytes a second.
    package var uploadRate: Int
    /// Payload bytes since the start.
    package var downloaded: Int64
    /// Payload bytes since the start.
    package var uploaded: Int64
    /// Its web seeds.
    package var webSeeds: [TorrentWebSeedStatistics]
    /// Reads that wait for pieces.
    package var waitingReads: Int
    /// `offline`, `disconnected` (the network is gone, and nobody near has the data), `seeding`,
    /// `downloading` or `idle`.
    package var state: String
}
