/// Whether connections to peers are encrypted (message stream encryption).
package enum EncryptionPolicy: String, CaseIterable, Sendable {
    /// Both kinds are accepted. Peers are dialled without, which is one round trip faster and what
    /// most accept, and at once again with encryption where they end that; what worked is remembered.
    /// Where a peer agrees, only the handshake is encrypted.
    case prefer
    /// All of every connection is encrypted; peers that do not encrypt are refused.
    case require
    /// None is; peers that encrypt are not understood.
    case off
}
