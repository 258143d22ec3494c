/// Names a lookup of a `DHTStateMachine`.
package struct DHTLookupID: Hashable, Sendable {
    /// Counts up from one.
    package let rawValue: UInt64
}
