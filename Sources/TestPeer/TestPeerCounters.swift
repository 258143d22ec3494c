/// What a test peer has seen and done.
package struct TestPeerCounters: Equatable, Sendable {
    /// Connections that came.
    package var connections = 0
    /// Blocks that were asked for.
    package var requests = 0
    /// Blocks that have left.
    package var blocks = 0
    /// Their bytes, without heads.
    package var bytes = 0
    /// Requests that were taken back in time.
    package var cancelled = 0
    /// Cancels that came too late, or for something not asked for.
    package var lateCancels = 0
    /// Requests that were rejected because of a choke or for being too many.
    package var rejected = 0
    /// Blocks sent that some test peer of the process had sent before.
    package var duplicates = 0

    /// Nothing yet.
    package init() {}

    /// Adds what another has seen.
    package static func += (left: inout Self, right: Self) {
        left.connections += right.connections
        left.requests += right.requests
        left.blocks += right.blocks
        left.bytes += right.bytes
        left.cancelled += right.cancelled
        left.lateCancels += right.lateCancels
        left.rejected += right.rejected
        left.duplicates += right.duplicates
    }
}
