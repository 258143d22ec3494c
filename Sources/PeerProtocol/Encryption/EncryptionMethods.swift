/// How the stream goes on after an encrypted handshake: the bits of `crypto_provide` and
/// `crypto_select`.
package struct EncryptionMethods: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// As if there had been no handshake: nothing to compute for each byte.
    package static let plaintext = EncryptionMethods(rawValue: 1)
    /// With RC4, to the end.
    package static let rc4 = EncryptionMethods(rawValue: 2)

    /// The one to choose among these: plaintext, which costs nothing; nil where we know none.
    var preferred: EncryptionMethods? {
        if contains(.plaintext) { return .plaintext }
        return contains(.rc4) ? .rc4 : nil
    }
}
