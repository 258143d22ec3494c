import COpenSSL

/// One running digest of libcrypto, used again and again without allocation.
struct DigestContext: ~Copyable {
    private let context: OpaquePointer

    init(_ algorithm: OpaquePointer) {
        guard let context = EVP_MD_CTX_new() else {
            preconditionFailure("libcrypto is out of memory")
        }
        self.context = context
        let result = EVP_DigestInit_ex2(context, algorithm, nil)
        precondition(result == 1, "libcrypto cannot start a digest")
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let result = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "libcrypto cannot feed a digest")
    }

    /// Writes the digest to `output`, which has the algorithm's length, and starts anew.
    mutating func finish(into output: UnsafeMutableRawPointer) {
        let bytes = output.assumingMemoryBound(to: UInt8.self)
        var result = EVP_DigestFinal_ex(context, bytes, nil)
        precondition(result == 1, "libcrypto cannot end a digest")
        result = EVP_DigestInit_ex2(context, nil, nil)
        precondition(result == 1, "libcrypto cannot restart a digest")
    }
}
