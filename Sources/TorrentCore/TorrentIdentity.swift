/// What names a torrent: its v1 infohash, its v2 infohash, or (hybrid) both. At least one is there.
package struct TorrentIdentity: Hashable, Sendable, CustomStringConvertible {
    /// SHA-1 of the info dictionary (BEP 3); nil for a v2-only torrent.
    package let v1: SHA1Digest?
    /// SHA-256 of the info dictionary (BEP 52); nil for a v1-only torrent.
    package let v2: SHA256Digest?

    /// A v1 torrent.
    package init(v1: SHA1Digest) {
        self.v1 = v1
        self.v2 = nil
    }

    /// A v2-only torrent, or a hybrid where `v1` is given.
    package init(v2: SHA256Digest, v1: SHA1Digest? = nil) {
        self.v1 = v1
        self.v2 = v2
    }

    /// The 20 bytes for handshakes and trackers: v1 where there is one, else the truncated v2 hash.
    package var handshakeHash: SHA1Digest {
        if let v1 { return v1 }
        guard let v2 else { preconditionFailure("an identity has at least one hash") }
        return v2.truncated
    }

    /// The 20-byte hashes under which others may know the torrent: of a hybrid both.
    package var announcedHashes: [SHA1Digest] { [v1, v2?.truncated].compactMap(\.self) }

    /// The hash that names the torrent's cache folder and that `status` prints: v1 as 40 digits
    /// where there is one, else v2 as 64.
    package var description: String { v1?.description ?? v2?.description ?? "" }

    /// The hash that takes a connection which began with `hash` to the v2 protocol; only for the v1
    /// hash of a hybrid (BEP 52).
    package func upgrade(from hash: SHA1Digest) -> SHA1Digest? {
        hash == v1 ? v2?.truncated : nil
    }

    /// Whether `hash` from a handshake names this torrent.
    package func matches(_ hash: SHA1Digest) -> Bool { hash == v1 || hash == v2?.truncated }

    /// Whether the two name the same torrent: no hash that both know differs, and one agrees.
    package func isSame(as other: TorrentIdentity) -> Bool {
        if let v1, let theirs = other.v1 { return v1 == theirs }
        if let v2, let theirs = other.v2 { return v2 == theirs }
        return false
    }
}
