package import TorrentCore

/// The 68 bytes with which each side opens a connection (BEP 3).
///
/// ```
/// 0       1                     20         28          48        68
/// | 19    | BitTorrent protocol | reserved | info hash | peer id |
/// ```
package struct Handshake: Equatable, Sendable {
    /// Length in bytes.
    package static let byteCount = 68

    /// The length and name of the protocol, with which every handshake starts.
    static let prefix: [UInt8] = [19] + Array("BitTorrent protocol".utf8)

    /// The torrent: its v1 infohash, or its v2 infohash cut to 20 bytes (BEP 52).
    package let infoHash: SHA1Digest
    /// The sender.
    package let peerID: PeerID
    /// What the sender can do.
    package let reserved: ReservedBits

    /// A handshake.
    package init(infoHash: SHA1Digest, peerID: PeerID, reserved: ReservedBits) {
        self.infoHash = infoHash
        self.peerID = peerID
        self.reserved = reserved
    }

    /// From the 68 bytes; `.notBitTorrent` where they are too few, too many or something else.
    package init(parsing bytes: Span<UInt8>) throws(PeerCloseReason) {
        guard bytes.count == Self.byteCount, Self.couldStart(with: bytes) else {
            throw .notBitTorrent
        }
        var reader = ByteReader(bytes)
        guard reader.readBytes(Self.prefix.count) != nil,
            let reserved = reader.read(UInt64.self),
            let hash = reader.readBytes(SHA1Digest.byteCount),
            let infoHash = SHA1Digest(hash),
            let identity = reader.readBytes(PeerID.byteCount),
            let peerID = PeerID(identity)
        else { throw .notBitTorrent }
        self.init(
            infoHash: infoHash, peerID: peerID, reserved: ReservedBits(rawValue: reserved))
    }

    /// Whether a handshake can start with `bytes`, of which there may be any number: lets a
    /// stranger's first byte decide.
    package static func couldStart(with bytes: Span<UInt8>) -> Bool {
        for index in 0..<min(bytes.count, prefix.count) where bytes[index] != prefix[index] {
            return false
        }
        return true
    }

    /// The 68 bytes.
    package var bytes: [UInt8] {
        var bytes = Self.prefix
        bytes.reserveCapacity(Self.byteCount)
        bytes.appendBigEndian(reserved.rawValue)
        bytes.append(contentsOf: infoHash.bytes)
        bytes.append(contentsOf: peerID.bytes)
        return bytes
    }
}
