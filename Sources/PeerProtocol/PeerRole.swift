package import TorrentCore

/// Who opened the connection.
package enum PeerRole: Equatable, Sendable {
    /// We did, for this torrent, by one of its hashes; our handshake goes first.
    case outgoing(TorrentIdentity, by: SHA1Digest)
    /// The peer did; its handshake says for which torrent.
    case incoming

    /// We did, for this torrent, by the hash that its v1 swarm knows, where there is one.
    package static func outgoing(_ identity: TorrentIdentity) -> PeerRole {
        .outgoing(identity, by: identity.handshakeHash)
    }
}
