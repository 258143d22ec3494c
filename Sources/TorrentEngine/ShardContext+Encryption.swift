import PeerProtocol
import TorrentCore
import TorrentCrypto

/// What the session's policy makes of new connections.
extension ShardContext {
    /// Whether a peer is to be dialled encrypted that has (or has not) last been reached so.
    func encrypts(dialling prefersEncryption: Bool) -> Bool {
        switch configuration.encryption {
        case .prefer: prefersEncryption
        case .require: true
        case .off: false
        }
    }

    /// What the peer may choose from, or we.
    private var methods: EncryptionMethods {
        configuration.encryption == .require ? .rc4 : [.plaintext, .rc4]
    }

    /// The stream to a peer that is dialled.
    func outgoing(
        _ transport: any PeerTransport, about torrent: SHA1Digest, isEncrypted: Bool
    ) -> any PeerTransport {
        guard isEncrypted else { return transport }
        return EncryptedTransport(opening: torrent, offering: methods, over: transport)
    }

    /// The stream from a peer that has connected.
    func incoming(_ transport: any PeerTransport) -> any PeerTransport {
        switch configuration.encryption {
        case .off: transport
        case .prefer, .require:
            EncryptedTransport(
                answeringWith: methods, acceptsUnencrypted: configuration.encryption == .prefer,
                over: transport)
        }
    }

    /// The infohash of a torrent here that hashes to what an encrypted handshake names. Two hashes
    /// for each torrent.
    func infoHash(requestedBy hash: SHA1Digest) -> SHA1Digest? {
        for torrent in torrents.values where !torrent.isStopping {
            let identity = torrent.identity
            for infoHash in [identity.v1, identity.v2?.truncated] {
                guard let infoHash else { continue }
                let own = EncryptedTransport.Encryption.requestHash(
                    of: infoHash, hashing: OpenSSLHashing())
                if own == hash { return infoHash }
            }
        }
        return nil
    }
}
