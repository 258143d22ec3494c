import COpenSSL
import TorrentCore

/// The Diffie-Hellman exchange of message stream encryption: a prime of 768 bits, generator 2.
///
/// Each connection makes its own key, and forgets it with the handshake.
package struct DiffieHellman768: KeyAgreement {
    /// Bytes of a public key and of the shared secret.
    package static let keyLength = 96
    /// Bytes of a private key: what the specification recommends. More is slower and no stronger.
    private static let privateLength = 20
    /// RFC 2409's first Oakley group.
    private static let prime = Hexadecimal.decode(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"
            + "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"
            + "4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563")

    package let publicKey: [UInt8]
    private let privateKey: [UInt8]

    /// A new key, from the system's randomness.
    package init() {
        var random = SystemRandomNumberGenerator()
        self.init(
            privateKey: (0..<Self.privateLength).map { _ in .random(in: 0...255, using: &random) })
    }

    /// The exchange with a known key, a number in network order.
    package init(privateKey: [UInt8]) {
        self.privateKey = privateKey
        guard let key = Self.power([2], privateKey) else {
            preconditionFailure("libcrypto is out of memory")
        }
        publicKey = key
    }

    package func sharedSecret(with peerKey: [UInt8]) -> [UInt8]? {
        guard peerKey.count == Self.keyLength, Self.isSound(peerKey) else { return nil }
        return Self.power(peerKey, privateKey)
    }

    /// Whether a key is in 2...p-2: with 0, 1 or p-1 the secret would be one of those, too.
    private static func isSound(_ key: [UInt8]) -> Bool {
        guard var largest = prime,
            key.dropLast().contains(where: { $0 != 0 }) || (key.last ?? 0) > 1
        else { return false }
        largest[largest.count - 1] -= 2
        return !largest.lexicographicallyPrecedes(key)
    }

    /// base^exponent modulo the prime, with leading zeros.
    private static func power(_ base: [UInt8], _ exponent: [UInt8]) -> [UInt8]? {
        guard let prime, let context = BN_CTX_new() else { return nil }
        defer { BN_CTX_free(context) }
        let numbers = [base, exponent, prime].map { (bytes: [UInt8]) in
            BN_bin2bn(bytes, Int32(bytes.count), nil)
        }
        let result = BN_new()
        defer {
            for number in numbers { BN_clear_free(number) }
            BN_clear_free(result)
        }
        guard
            BN_mod_exp_mont_consttime(
                result, numbers[0], numbers[1], numbers[2], context, nil) == 1
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: keyLength)
        guard BN_bn2binpad(result, &bytes, Int32(keyLength)) == Int32(keyLength) else { return nil }
        return bytes
    }
}
