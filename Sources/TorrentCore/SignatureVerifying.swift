/// Ed25519 (RFC 8032), injected so that sans-I/O code needs no C library.
package protocol SignatureVerifying: Sendable {
    /// Whether the owner of the public `key` (32 bytes) has made the `signature` (64 bytes) of
    /// `message`. Costs some 100 microseconds.
    func isValid(signature: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool
}
