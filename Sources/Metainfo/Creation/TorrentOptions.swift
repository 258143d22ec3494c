/// The settings of a torrent to be made.
package struct TorrentOptions: Sendable {
    /// Which format to make.
    package var version = TorrentVersion.hybrid
    /// Piece length in bytes; nil to choose one by the size of the files.
    package var pieceLength: Int?
    /// Trackers in tiers (BEP 12).
    package var announceTiers: [[String]] = []
    /// HTTP servers that hold the files (BEP 19).
    package var webSeeds: [String] = []
    /// Whether peers may come from the trackers only (BEP 27).
    package var isPrivate = false
    /// A remark for people.
    package var comment: String?
    /// The program that makes the torrent.
    package var createdBy: String?
    /// Seconds since 1970; nil leaves the date out.
    package var creationDate: Int64?
    /// A text that sets the infohash apart from that of the same files elsewhere (`source`).
    package var source: String?

    /// A public hybrid torrent without trackers.
    package init() {}
}
