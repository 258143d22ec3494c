import CSHA1
package import TorrentCore

/// SHA-1 of two inputs at once, in little more time than one takes (3.3 instead of 1.9 GB/s a core on
/// an AMD EPYC): libcrypto's own code for one cannot keep the processor busy.
package enum SHA1Pair {
    /// Whether this processor has the instructions for it.
    package static let isAvailable = swarmfs_has_sha1_instructions() != 0

    /// Whether inputs of this length may make a pair, on this processor.
    package static func takes(_ length: Int) -> Bool { isAvailable && length.isMultiple(of: 64) }

    /// The digests; both inputs must be of the same length, which `takes` must be true of.
    package static func digests(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> (SHA1Digest, SHA1Digest) {
        precondition(first.count == second.count && takes(first.count), "no pair")
        let size = SHA1Digest.byteCount
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * size) { output in
            guard let start = output.baseAddress else { preconditionFailure("it has 40 bytes") }
            swarmfs_sha1_two(
                first.baseAddress, second.baseAddress, first.count, start, start + size)
            guard let one = SHA1Digest(output[..<size]), let other = SHA1Digest(output[size...])
            else { preconditionFailure("a SHA-1 has 20 bytes") }
            return (one, other)
        }
    }
}
