package import TorrentCore

/// SHA-1 and SHA-256 by OpenSSL's libcrypto, with whatever instructions the processor has for it.
///
/// Makes a context per call; hot paths keep a `SHA1Context` or `SHA256Context` instead.
package struct OpenSSLHashing: Hashing {
    /// Nothing to set up.
    package init() {}

    package func sha1(_ bytes: Span<UInt8>) -> SHA1Digest {
        var context = SHA1Context()
        bytes.withUnsafeBufferPointer { context.update(UnsafeRawBufferPointer($0)) }
        return context.finish()
    }

    package func sha256(_ bytes: Span<UInt8>) -> SHA256Digest {
        var context = SHA256Context()
        bytes.withUnsafeBufferPointer { context.update(UnsafeRawBufferPointer($0)) }
        return context.finish()
    }
}
