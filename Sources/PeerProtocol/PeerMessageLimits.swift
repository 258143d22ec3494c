import TorrentCore

/// What a decoder accepts: lengths by type, checked before a payload is read.
package struct PeerMessageLimits: Sendable {
    /// The most payload of a block that is read past. We ask for 16 KiB and nothing longer; old
    /// clients sent up to this.
    package static let block = 128 * 1024
    /// The most payload of a bitfield while the torrent's size is not known: 16 million pieces.
    package static let earlyBitfield = 2 << 20
    /// The most payload of an extension's message, and of one that means nothing to us.
    /// libtorrent's bound for any message.
    package static let skipped = 1 << 20
    /// The most payload of an extension handshake. Real ones are a few hundred bytes.
    package static let extensionHandshake = 64 * 1024
    /// The most payload of a metadata message: 16 KiB of data (BEP 9) and a generous dictionary.
    package static let metadataMessage = 32 * 1024
    /// The most payload of a message of `ut_pex`: four times what a hundred IPv6 peers added and as
    /// many dropped take, which is the most that libtorrent sends.
    package static let peerExchange = 16 * 1024
    /// The exact payload of a hash request or reject (BEP 52).
    package static let hashRequest = 48
    /// The most payload of a message with hashes (BEP 52): we ask for no more.
    package static let hashes =
        hashRequest + HashRequest.maximumHashes * SHA256Digest.byteCount

    /// Length of the torrent's bitfield in bytes; nil while it is not known.
    package var bitfieldLength: Int?
    /// Whether both sides know the fast extension; without it its messages close (BEP 6).
    package var acceptsFast: Bool
    /// Whether both sides know the extension protocol; without it its messages are skipped.
    package var acceptsExtensions: Bool
    /// Whether the connection is about a v2 torrent; otherwise hash messages close (BEP 52).
    package var acceptsHashes: Bool

    /// Limits for a connection.
    package init(
        bitfieldLength: Int? = nil, acceptsFast: Bool = false, acceptsExtensions: Bool = false,
        acceptsHashes: Bool = false
    ) {
        self.bitfieldLength = bitfieldLength
        self.acceptsFast = acceptsFast
        self.acceptsExtensions = acceptsExtensions
        self.acceptsHashes = acceptsHashes
    }
}
