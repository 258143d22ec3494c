/// Names one request of an `HTTPClient`; never used twice.
package struct HTTPRequestID: Hashable, Sendable {
    /// Counts up.
    package let rawValue: UInt64
}
