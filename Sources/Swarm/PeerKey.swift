/// Names one connection for its life; a new connection to the same address has a new key.
package struct PeerKey: Hashable, Sendable, CustomStringConvertible {
    /// Given out by whoever owns the connections, never twice in a process.
    package let rawValue: UInt32

    /// Wraps a number.
    @inlinable package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    package var description: String { "peer \(rawValue)" }
}
