/// Why a state machine gives up a healthy connection.
package enum SwarmDisconnectReason: Equatable, Sendable, CustomStringConvertible {
    /// Both sides have every piece.
    case bothComplete

    package var description: String { "both sides have every piece" }
}
