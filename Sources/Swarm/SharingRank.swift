import TorrentCore

/// Who of several readers fetches a piece from the seed, without asking each other: each client
/// can work out the order of all (rendezvous hashing), because it follows from their peer IDs.
///
/// All clients of this program use the same function; with others it is as good as chance.
enum SharingRank {
    /// What a peer ID contributes; nil for the ID of a program that goes by other rules.
    static func key(of id: PeerID?) -> UInt64? {
        guard let bytes = id?.bytes, bytes.starts(with: "-SF".utf8) else { return nil }
        // FNV-1a, over all bytes.
        return bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// Who has the lowest weight for a piece fetches it.
    static func weight(_ key: UInt64, _ piece: PieceIndex) -> UInt64 {
        var mix = SeededRandom(seed: key ^ UInt64(truncatingIfNeeded: piece.value) &* 0x9E37_79B9)
        return mix.next()
    }
}
