package import TorrentCore

/// SHA-256 fed in parts, straight from raw memory: for payload, which is never in an array.
///
/// Making one allocates; using it does not, however often.
package struct SHA256Context: ~Copyable {
    private var context = DigestContext(DigestAlgorithm.sha256)

    /// Starts a digest.
    package init() {}

    /// Feeds the next bytes; an empty buffer changes nothing.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

    /// Writes the 32 bytes of the digest to `output`, and starts anew.
    package mutating func finish(into output: UnsafeMutableRawPointer) {
        context.finish(into: output)
    }

    /// The digest of what was fed; starts anew.
    package mutating func finish() -> SHA256Digest {
        withUnsafeTemporaryAllocation(byteCount: SHA256Digest.byteCount, alignment: 8) { output in
            if let start = output.baseAddress { context.finish(into: start) }
            guard let digest = SHA256Digest(output) else {
                preconditionFailure("a SHA-256 has 32 bytes")
            }
            return digest
        }
    }

    /// The digest of `bytes` alone; nothing else may have been fed since the last `finish`.
    package mutating func digest(of bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        update(bytes)
        return finish()
    }
}
