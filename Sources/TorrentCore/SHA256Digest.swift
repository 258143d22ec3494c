/// The 32 bytes of a SHA-256: a v2 infohash, or a node of a file's Merkle tree (BEP 52).
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// Length in bytes.
    package static let byteCount = 32

    /// The all-zero node that pads the leaf layer of a Merkle tree (BEP 52).
    package static let zero = SHA256Digest()

    private let words: (UInt64, UInt64, UInt64, UInt64)

    private init() { words = (0, 0, 0, 0) }

    /// Nil unless `bytes` holds exactly 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (index, byte) in bytes.enumerated() {
            switch index >> 3 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
        }
        self.words = words
    }

    /// Nil unless `text` is 64 hexadecimal digits.
    package init?(hexadecimal text: some StringProtocol) {
        guard let bytes = Hexadecimal.decode(text) else { return nil }
        self.init(bytes)
    }

    /// The 32 bytes, most significant first.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.appendBigEndian(words.0)
        bytes.appendBigEndian(words.1)
        bytes.appendBigEndian(words.2)
        bytes.appendBigEndian(words.3)
        return bytes
    }

    /// The first 20 bytes: how a v2 infohash appears in handshakes and trackers (BEP 52).
    package var truncated: SHA1Digest {
        guard let digest = SHA1Digest(bytes.prefix(SHA1Digest.byteCount)) else {
            preconditionFailure("a SHA-256 has more bytes than a SHA-1")
        }
        return digest
    }

    /// 64 lower-case hexadecimal digits.
    package var description: String { Hexadecimal.encode(bytes) }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
