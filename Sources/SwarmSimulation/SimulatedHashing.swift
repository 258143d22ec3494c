package import TorrentCore

/// A cheap stand-in for SHA-1 and SHA-256 in simulations: different bytes give different digests
/// for all that a simulated adversary tries. It resists nobody who means it.
package struct SimulatedHashing: Hashing {
    /// The stand-in.
    package init() {}

    /// 20 bytes that depend on every input byte and its position.
    package func sha1(_ bytes: Span<UInt8>) -> SHA1Digest {
        guard let digest = SHA1Digest(mix(bytes, count: SHA1Digest.byteCount)) else {
            preconditionFailure("the mix has the length asked for")
        }
        return digest
    }

    /// 32 such bytes.
    package func sha256(_ bytes: Span<UInt8>) -> SHA256Digest {
        guard let digest = SHA256Digest(mix(bytes, count: SHA256Digest.byteCount)) else {
            preconditionFailure("the mix has the length asked for")
        }
        return digest
    }

    private func mix(_ bytes: Span<UInt8>, count: Int) -> [UInt8] {
        // FNV-1a over words with a rotation, since its low bits never see high ones, then
        // SplitMix64 for as many words as are needed.
        var state: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
        let raw = bytes.bytes
        var offset = 0
        while offset + 8 <= raw.byteCount {
            state ^= raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = (state &<< 29 | state &>> 35) &* 0x9E37_79B9_7F4A_7C15
            offset += 8
        }
        while offset < raw.byteCount {
            state = (state ^ UInt64(bytes[offset])) &* 0x100_0000_01B3
            offset += 1
        }
        var random = SeededRandom(seed: state)
        var result: [UInt8] = []
        while result.count < count { result.appendBigEndian(random.next()) }
        return Array(result.prefix(count))
    }
}
