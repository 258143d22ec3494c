package import Metainfo
package import PieceStorage

/// A torrent that can be read.
package struct SessionTorrent: Sendable {
    /// What it is.
    package let metainfo: TorrentMetainfo
    /// Its bytes.
    package let store: PieceStore
    /// Names it in its session.
    package let id: TorrentID
    /// Whether the servers that it names may be in the private network: it came from there.
    package var mayNamePrivateServers = false
    /// The files that its magnet link selects: nothing is fetched unasked of others. Nil: all.
    package var selection: FileSelection?
}
