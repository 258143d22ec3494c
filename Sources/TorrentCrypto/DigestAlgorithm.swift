import COpenSSL

/// The digests of libcrypto that torrents use, fetched once: `EVP_sha1()` makes OpenSSL 3 look its
/// implementation up again at every use, which costs more than hashing a Merkle node does.
enum DigestAlgorithm {
    // Safe: set once under the language's own guard, and libcrypto shares an `EVP_MD` among
    // threads.
    static nonisolated(unsafe) let sha1 = fetch("SHA1")
    static nonisolated(unsafe) let sha256 = fetch("SHA256")

    private static func fetch(_ name: String) -> OpaquePointer {
        guard let algorithm = EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("libcrypto has no \(name)")
        }
        return algorithm
    }
}
