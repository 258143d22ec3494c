package import TorrentCore

/// Who opened the connection.
package enum PeerRole: Equatable, Sendable {
    /// We did, for this torrent; our handshake goes first.
    case outgoing(TorrentIdentity)
    /// The peer did; its handshake says for which torrent.
    case incoming
}
