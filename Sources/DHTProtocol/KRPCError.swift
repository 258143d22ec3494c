/// Why a query was refused (BEP 5, 44).
package struct KRPCError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The number that programs go by.
    package let code: Int
    /// What it means, for people.
    package let message: String

    /// An error.
    package init(code: Int, message: String) {
        self.code = code
        self.message = message
    }

    /// The arguments are not what the method asks for.
    package static let invalidArguments = KRPCError(code: 203, message: "Invalid arguments")
    /// The token is not one of ours, or too old.
    package static let badToken = KRPCError(code: 203, message: "Bad token")
    /// There is no such method.
    package static let unknownMethod = KRPCError(code: 204, message: "Method unknown")
    /// The value is longer than 1000 bytes.
    package static let valueTooBig = KRPCError(code: 205, message: "Value too big")
    /// The signature is not the key's.
    package static let invalidSignature = KRPCError(code: 206, message: "Invalid signature")
    /// The salt is longer than 64 bytes.
    package static let saltTooBig = KRPCError(code: 207, message: "Salt too big")
    /// The stored item is not the one to be replaced.
    package static let sequenceMismatch = KRPCError(code: 301, message: "CAS mismatch")
    /// The stored item is newer.
    package static let outdated = KRPCError(code: 302, message: "Sequence number too low")

    package var description: String { "\(code) \(message)" }
}
