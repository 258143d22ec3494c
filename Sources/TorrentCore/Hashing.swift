/// The digests that torrents are built on, injected so that sans-I/O code needs no C library.
///
/// `TorrentCrypto.OpenSSLHashing` is the one that runs; tests may bring their own.
package protocol Hashing: Sendable {
    /// SHA-1 of the bytes.
    func sha1(_ bytes: Span<UInt8>) -> SHA1Digest
    /// SHA-256 of the bytes.
    func sha256(_ bytes: Span<UInt8>) -> SHA256Digest
}
