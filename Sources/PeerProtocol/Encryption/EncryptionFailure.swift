/// Why an encrypted handshake came to nothing.
package enum EncryptionFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The peer's public key is none, or lets anybody know the secret.
    case invalidKey
    /// What must follow the padding has not come where it can be.
    case noSynchronisation
    /// The peer asks for a torrent that is not served.
    case unknownTorrent
    /// What is encrypted makes no sense: the two sides have different keys.
    case wrongKey
    /// There is no way to go on that both sides take.
    case noCommonMethod
    /// More padding than the 512 bytes that are allowed.
    case paddingTooLong
    /// The peer opened without encryption, which we require.
    case unencrypted

    package var description: String {
        switch self {
        case .invalidKey: "the encrypted handshake's key is invalid"
        case .noSynchronisation: "the encrypted handshake does not synchronise"
        case .unknownTorrent: "asked for a torrent that is not here, encrypted"
        case .wrongKey: "the encrypted handshake cannot be decrypted"
        case .noCommonMethod: "the encrypted handshake offers no method that we take"
        case .paddingTooLong: "the encrypted handshake has too much padding"
        case .unencrypted: "it does not encrypt, which is required"
        }
    }
}
