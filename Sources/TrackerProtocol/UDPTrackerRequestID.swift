/// Names one announce or scrape within a `UDPTrackerStateMachine`.
package struct UDPTrackerRequestID: Hashable, Sendable {
    /// Counts up from zero.
    package let rawValue: UInt64
}
