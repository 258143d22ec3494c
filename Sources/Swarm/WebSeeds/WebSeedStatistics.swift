/// What there is to say of one web seed at a moment.
package struct WebSeedStatistics: Equatable, Sendable {
    /// What it does.
    package enum State: String, Equatable, Sendable {
        /// Nothing is asked of it now.
        case idle
        /// It sends.
        case active
        /// It is left alone for a while after a failure.
        case paused
        /// It is never asked again.
        case disabled
    }

    /// What it does.
    package var state = State.idle
    /// Payload bytes that it has sent.
    package var downloaded: Int64 = 0
    /// Payload bytes a second.
    package var downloadRate = 0
    /// Requests that failed.
    package var errors = 0
    /// Why the last of them did.
    package var lastFailure: WebSeedFailure?
    /// Files that it is not asked for any more.
    package var disabledFiles = 0
}
