/// Why a datagram is no message of the DHT.
package enum KRPCDecodingError: Error, Equatable, Sendable {
    /// It is something else, or broken: it is not answered.
    case malformed
    /// It is a question that can be told what is wrong with it.
    case refused(transaction: [UInt8], KRPCError)
}
