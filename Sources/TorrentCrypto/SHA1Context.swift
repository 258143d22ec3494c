package import TorrentCore

/// SHA-1 fed in parts, straight from raw memory: for payload, which is never in an array.
///
/// Making one allocates; using it does not, however often.
package struct SHA1Context: ~Copyable {
    private var context = DigestContext(DigestAlgorithm.sha1)

    /// Starts a digest.
    package init() {}

    /// Feeds the next bytes; an empty buffer changes nothing.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    /// Writes the 20 bytes of the digest to `output`, and starts anew.
    package mutating func finish(into output: UnsafeMutableRawPointer) {
        context.finish(into: output)
    }

    /// The digest of what was fed; starts anew.
    package mutating func finish() -> SHA1Digest {
        withUnsafeTemporaryAllocation(byteCount: SHA1Digest.byteCount, alignment: 8) { output in
            if let start = output.baseAddress { context.finish(into: start) }
            guard let digest = SHA1Digest(output) else {
                preconditionFailure("a SHA-1 has 20 bytes")
            }
            return digest
        }
    }

    /// The digest of `bytes` alone; nothing else may have been fed since the last `finish`.
    package mutating func digest(of bytes: UnsafeRawBufferPointer) -> SHA1Digest {
        update(bytes)
        return finish()
    }
}
