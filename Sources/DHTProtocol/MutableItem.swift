import Bencode
package import TorrentCore

/// A value that its owner signs and may replace (BEP 44).
package struct MutableItem: Equatable, Sendable {
    /// Length of an Ed25519 public key in bytes.
    package static let keyLength = 32
    /// Length of an Ed25519 signature in bytes.
    package static let signatureLength = 64
    /// The longest salt in bytes.
    package static let saltLimit = 64

    /// The owner's public key.
    package var key: [UInt8]
    /// Sets apart the items of one owner; may be empty.
    package var salt: [UInt8]
    /// Grows with each new value.
    package var sequence: Int64
    /// The bencoded value.
    package var value: [UInt8]
    /// The owner's signature of `signedBytes`.
    package var signature: [UInt8]

    /// An item; nothing is checked here.
    package init(
        key: [UInt8], salt: [UInt8] = [], sequence: Int64, value: [UInt8], signature: [UInt8]
    ) {
        self.key = key
        self.salt = salt
        self.sequence = sequence
        self.value = value
        self.signature = signature
    }

    /// What the owner signs.
    package static func signedBytes(salt: [UInt8], sequence: Int64, value: [UInt8]) -> [UInt8] {
        var writer = BencodeWriter()
        if !salt.isEmpty {
            writer.string("salt")
            writer.string(salt)
        }
        writer.string("seq")
        writer.integer(sequence)
        writer.string("v")
        writer.encoded(value)
        return writer.bytes
    }

    /// What the owner has signed.
    package var signedBytes: [UInt8] {
        Self.signedBytes(salt: salt, sequence: sequence, value: value)
    }

    /// Where the items of a key and a salt are kept.
    package static func target(key: [UInt8], salt: [UInt8], hashing: any Hashing) -> NodeID {
        NodeID(hashing.sha1((key + salt).span))
    }

    /// Whether its lengths are right and its owner has signed it. Costs a signature check.
    package func isSigned(_ verifier: any SignatureVerifying) -> Bool {
        key.count == Self.keyLength && signature.count == Self.signatureLength
            && salt.count <= Self.saltLimit
            && verifier.isValid(signature: signature, of: signedBytes, key: key)
    }
}
