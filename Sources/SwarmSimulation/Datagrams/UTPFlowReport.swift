package import TorrentCore
package import UTPProtocol

/// How a flow of a `UTPSimulation` has fared.
package struct UTPFlowReport: Sendable {
    /// Bytes that have arrived in order.
    package var received = 0
    /// Of those, words of bytes that were others when they were sent.
    package var wrong = 0
    /// When the end of the stream arrived.
    package var finishedAt: Timestamp?
    /// Why the sender's connection ended, unless in order.
    package var failure: UTPFailure?
    /// Bytes of datagrams that the path was found to carry.
    package var pathMTU = 0
}
