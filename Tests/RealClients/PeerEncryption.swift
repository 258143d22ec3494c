/// Whether a client encrypts its connections.
package enum PeerEncryption: String, CaseIterable, Sendable {
    /// It neither does nor understands it.
    case off
    /// It takes both kinds.
    case prefer
    /// It takes nothing else, and goes on with RC4.
    case rc4
    /// It takes nothing else, and goes on in plaintext after the handshake.
    case plaintext
}
