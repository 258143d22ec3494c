package import TorrentCore

/// How good a test peer and the way to it are.
package struct TestPeerBehaviour: Equatable, Sendable {
    /// A trouble that passes: for how long, and when it begins.
    package struct Trouble: Equatable, Sendable {
        /// How long it lasts.
        package var length: Interval
        /// When it begins.
        package var start: TroublePoint

        /// A trouble.
        package init(length: Interval, start: TroublePoint) {
            self.length = length
            self.start = start
        }
    }

    /// The round trip: half of it passes before what comes in is acted on, half before what goes
    /// out leaves.
    package var delay = Interval.zero
    /// Bytes a second of the peer's link, with all of the protocol's bytes; nil for no limit.
    package var rate: Double?
    /// Sends nothing, not even what was under way; goes on afterwards as if nothing had been.
    package var stall: Trouble?
    /// Chokes, rejects what it was asked for, and unchokes again.
    package var choke: Trouble?
    /// Closes its connections and listens no more; `.every` means the first time.
    package var death: TroublePoint?
    /// Whether it unchokes who is interested.
    package var unchokes = true
    /// `reqq`: how many requests it keeps; more are rejected.
    package var requestLimit = 500

    /// A fast and honest peer nearby.
    package init() {}
}
