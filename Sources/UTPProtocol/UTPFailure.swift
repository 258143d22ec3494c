/// Why a connection ended that nobody had closed in order.
package enum UTPFailure: Error, Equatable, Sendable {
    /// The peer does not answer the request for a connection.
    case noAnswer
    /// The peer has stopped to acknowledge.
    case timedOut
    /// The peer has no such connection, or wants none.
    case reset
}
