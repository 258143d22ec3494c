package import TorrentCore

/// The pieces that a peer may request while it is choked, the same whoever lets it (BEP 6).
package enum AllowedFastSet {
    /// How many pieces we give: five, as libtorrent does, enough to have something to trade.
    package static let size = 5
    /// A torrent with fewer pieces may repeat itself for ever; after so many rounds what was found
    /// is enough.
    private static let maximumRounds = 64

    /// The set of whoever is at `address`; empty for IPv6, for which the set is not defined, and for
    /// torrents of no more pieces than the set, where it would be everything.
    package static func pieces(
        for address: IPAddress, infoHash: SHA1Digest, pieceCount: Int, size: Int = size,
        hashing: any Hashing
    ) -> [PieceIndex] {
        guard !address.isV6, pieceCount > size else { return [] }
        var text: [UInt8] = Array(address.bytes.dropLast()) + [0] + infoHash.bytes
        var pieces: [PieceIndex] = []
        for _ in 0..<maximumRounds {
            let digest = hashing.sha1(text.span)
            text = digest.bytes
            for start in stride(from: 0, to: SHA1Digest.byteCount, by: 4) {
                let number = text[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
                let piece = PieceIndex(number % pieceCount)
                if !pieces.contains(piece) { pieces.append(piece) }
                if pieces.count == size { return pieces }
            }
        }
        return pieces
    }
}
