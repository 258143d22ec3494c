/// An HTTP server with the whole file beside the peers of a `ReadingSimulation`.
package struct ShapedServer: Sendable {
    /// Payload bytes a second, over all answers that are under way.
    package var rate: Double
    /// Seconds from a request to the first byte of its answer.
    package var latency: Double

    /// A server.
    package init(rate: Double, latency: Double) {
        self.rate = rate
        self.latency = latency
    }
}
