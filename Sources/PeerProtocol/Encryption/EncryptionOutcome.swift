/// What an encrypted handshake has come to.
package enum EncryptionOutcome: Equatable, Sendable {
    /// The peer opened without encryption: all of its bytes are payload.
    case unencrypted
    /// Both sides are there, and go on by this one method.
    case established(EncryptionMethods)
    /// Close the connection.
    case failed(EncryptionFailure)
}
