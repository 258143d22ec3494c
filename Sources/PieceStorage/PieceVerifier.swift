import Glibc
import Metainfo
import TorrentCore
import TorrentCrypto

/// Compares pieces with what the torrent says of them.
///
/// Safe to send: `VerifierPool` lends it to one thread at a time.
final class PieceVerifier: @unchecked Sendable {
    enum Verdict: Equatable {
        case good, bad, unknown
        /// One half of a hybrid torrent is right, and the other one not.
        case inconsistent
    }

    /// 64 MiB, the largest piece, in leaves of 16 KiB; a larger tree is a fault of ours.
    private static let maximumLeafCount = 4096

    private var sha1 = SHA1Context()
    private var sha256 = SHA256Context()
    /// Nodes of the layer being reduced, 32 bytes each.
    private var nodes: [UInt8] = []

    init() {}

    func verify(_ bytes: UnsafeRawBufferPointer, against expected: PieceVerification) -> Verdict {
        switch expected {
        case .sha1(let digest):
            return sha1.digest(of: bytes) == digest ? .good : .bad
        case .merkle(let root, let leafCount):
            return merkleRoot(of: bytes, leafCount: leafCount).map { $0 == root ? .good : .bad }
                ?? .unknown
        case .both(let digest, let root, let leafCount, let length):
            let isV1 = sha1.digest(of: bytes) == digest
            let content = UnsafeRawBufferPointer(rebasing: bytes.prefix(length))
            let isV2 = merkleRoot(of: content, leafCount: leafCount) == root
            if isV1 == isV2 { return isV1 ? .good : .bad }
            // Padding is in the v1 hash only: who sends other than zeros there sent something wrong,
            // and the torrent is none the worse for it.
            return bytes.dropFirst(length).allSatisfy { $0 == 0 } ? .inconsistent : .bad
        case .unavailable:
            return .unknown
        }
    }

    /// SHA-1 of each 16 KiB block.
    func blockDigests(of bytes: UnsafeRawBufferPointer) -> [SHA1Digest] {
        var digests: [SHA1Digest] = []
        digests.reserveCapacity(Self.blockCount(bytes.count))
        for index in 0..<Self.blockCount(bytes.count) {
            digests.append(sha1.digest(of: Self.block(index, of: bytes)))
        }
        return digests
    }

    /// SHA-256 of one block.
    func leaf(of block: UnsafeRawBufferPointer) -> SHA256Digest { sha256.digest(of: block) }

    /// SHA-256 of each 16 KiB block, 32 bytes each.
    func leaves(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let count = Self.blockCount(bytes.count)
        return [UInt8](unsafeUninitializedCapacity: count * SHA256Digest.byteCount) {
            leaves, size in
            guard let base = leaves.baseAddress else { return }
            for index in 0..<count {
                sha256.update(Self.block(index, of: bytes))
                sha256.finish(into: base + index * SHA256Digest.byteCount)
            }
            size = count * SHA256Digest.byteCount
        }
    }

    /// Root over SHA-256 leaves of 16 KiB, the last one short, zero hashes up to `leafCount`
    /// (BEP 52); nil where there are more leaves than that, or it is no power of two.
    private func merkleRoot(of bytes: UnsafeRawBufferPointer, leafCount: Int) -> SHA256Digest? {
        let size = SHA256Digest.byteCount
        var count = Self.blockCount(bytes.count)
        guard count > 0, count <= leafCount, leafCount <= Self.maximumLeafCount,
            leafCount.nonzeroBitCount == 1
        else { return nil }
        if nodes.count < (count + 1) * size {
            nodes = [UInt8](repeating: 0, count: (count + 1) * size)
        }
        return nodes.withUnsafeMutableBytes { nodes in
            guard let base = nodes.baseAddress else { return nil }
            for index in 0..<count {
                sha256.update(Self.block(index, of: bytes))
                sha256.finish(into: base + index * size)
            }
            // `padding` is the root of an all-zero tree as high as the layer.
            return withUnsafeTemporaryAllocation(byteCount: 2 * size, alignment: 8) { padding in
                guard let pad = padding.baseAddress else { return nil }
                memset(pad, 0, 2 * size)
                var width = leafCount
                while width > 1 {
                    if count % 2 == 1 {
                        memcpy(base + count * size, pad, size)
                        count += 1
                    }
                    for index in 0..<count / 2 {
                        let pair = base + 2 * index * size
                        sha256.update(UnsafeRawBufferPointer(start: pair, count: 2 * size))
                        sha256.finish(into: base + index * size)
                    }
                    memcpy(pad + size, pad, size)
                    sha256.update(UnsafeRawBufferPointer(padding))
                    sha256.finish(into: pad)
                    count /= 2
                    width /= 2
                }
                return SHA256Digest(UnsafeRawBufferPointer(start: base, count: size))
            }
        }
    }

    private static func blockCount(_ length: Int) -> Int {
        (length + BlockRequest.standardLength - 1) / BlockRequest.standardLength
    }

    private static func block(
        _ index: Int, of bytes: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let begin = index * BlockRequest.standardLength
        let end = min(begin + BlockRequest.standardLength, bytes.count)
        return UnsafeRawBufferPointer(rebasing: bytes[begin..<end])
    }
}
