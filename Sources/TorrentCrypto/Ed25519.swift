import COpenSSL
import TorrentCore

/// Ed25519 signatures (RFC 8032) by OpenSSL's libcrypto.
package struct Ed25519: SignatureVerifying {
    /// Length of a seed, which is the private key, in bytes.
    package static let seedLength = 32
    /// Length of a public key in bytes.
    package static let keyLength = 32
    /// Length of a signature in bytes.
    package static let signatureLength = 64

    /// Nothing to set up.
    package init() {}

    package func isValid(signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        guard signature.count == Self.signatureLength, key.count == Self.keyLength,
            let owner = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, key, key.count)
        else { return false }
        defer { EVP_PKEY_free(owner) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, owner) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The public key that belongs to a seed; nil unless it has 32 bytes.
    package static func publicKey(seed: [UInt8]) -> [UInt8]? {
        withKey(seed: seed) { owner in
            var key = [UInt8](repeating: 0, count: keyLength)
            var length = key.count
            guard EVP_PKEY_get_raw_public_key(owner, &key, &length) == 1, length == keyLength else {
                return nil
            }
            return key
        }
    }

    /// The signature that the owner of a seed makes of a message; nil unless the seed has 32 bytes.
    package static func signature(of message: [UInt8], seed: [UInt8]) -> [UInt8]? {
        withKey(seed: seed) { owner in
            guard let context = EVP_MD_CTX_new() else { return nil }
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: signatureLength)
            var length = signature.count
            guard EVP_DigestSignInit(context, nil, nil, nil, owner) == 1,
                EVP_DigestSign(context, &signature, &length, message, message.count) == 1,
                length == signatureLength
            else { return nil }
            return signature
        }
    }

    private static func withKey(
        seed: [UInt8], _ body: (OpaquePointer) -> [UInt8]?
    ) -> [UInt8]? {
        guard seed.count == seedLength,
            let owner = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        else { return nil }
        defer { EVP_PKEY_free(owner) }
        return body(owner)
    }
}
