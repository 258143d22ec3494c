package import TorrentCore

/// The limits of one torrent's state machine that its owner may set.
package struct SwarmConfiguration: Sendable {
    /// Bytes that open pieces may take together. One piece may always be open, however long it is.
    package var bufferBytes: Int
    /// How many peers are unchoked at once, the optimistic one included.
    package var unchokeSlots: Int
    /// Whether we upload at all; where not, everybody stays choked.
    package var isUploadEnabled: Bool
    /// Our name, from which other readers work out which pieces we fetch from a seed; nil where
    /// they cannot.
    package var peerID: PeerID?

    /// 256 MiB holds four of the largest pieces, or eight seconds of a 30 MB/s swarm; eight slots
    /// are what libtorrent and Transmission use.
    package init(
        bufferBytes: Int = 256 << 20, unchokeSlots: Int = 8, isUploadEnabled: Bool = true,
        peerID: PeerID? = nil
    ) {
        self.bufferBytes = bufferBytes
        self.unchokeSlots = unchokeSlots
        self.isUploadEnabled = isUploadEnabled
        self.peerID = peerID
    }
}
