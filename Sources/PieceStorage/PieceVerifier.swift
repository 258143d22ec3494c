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
