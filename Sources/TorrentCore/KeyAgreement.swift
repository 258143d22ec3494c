/// One side of a Diffie-Hellman exchange, injected so that sans-I/O code needs no C library.
///
/// `TorrentCrypto.DiffieHellman768` is the one that runs.
package protocol KeyAgreement {
    /// What the other side is sent, always of the same length.
    var publicKey: [UInt8] { get }

    /// The secret that both sides share, as long as a public key; nil where `peerKey` is none, or is
    /// one with which anybody could know the secret. Takes some ten microseconds.
    func sharedSecret(with peerKey: [UInt8]) -> [UInt8]?
}
