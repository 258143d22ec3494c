import TorrentCore

/// One announce that goes to a tracker over IPv4 and over IPv6, taken as one (BEP 7).
///
/// A tracker knows a peer by the address that an announce comes from. So whoever can be reached over
/// both families announces over both, with the same key. The first answer is the tracker's; without
/// any, the announce has failed. A `stopped` is over when both legs are: the process ends then.
package struct AnnounceLegs: Sendable {
    /// What is announced.
    package let event: AnnounceEvent
    private var open: Set<AnnounceFamily>
    private var answer: AnnounceResponse?
    private var error: TrackerError?
    private var isTold = false

    /// An announce that has just been sent over these.
    package init(_ families: [AnnounceFamily], event: AnnounceEvent) {
        open = Set(families)
        self.event = event
    }

    /// Whether every leg has ended.
    package var isOver: Bool { open.isEmpty }

    /// A leg has ended. Returns what has become of the announce, once; nil before that is known, and
    /// after it was told.
    package mutating func ended(
        _ family: AnnounceFamily, _ result: Result<AnnounceResponse, TrackerError>
    ) -> Result<AnnounceResponse, TrackerError>? {
        guard open.remove(family) != nil else { return nil }
        switch result {
        case .success(let response): answer = answer ?? response
        case .failure(let failure): if !isReason(error) { error = failure }
        }
        guard !isTold, open.isEmpty || event != .stopped && answer != nil else { return nil }
        isTold = true
        if let answer { return .success(answer) }
        return error.map { .failure($0) }
    }

    /// Whether it was the tracker that spoke: it tells more than an address that is not there.
    private func isReason(_ error: TrackerError?) -> Bool {
        if case .refused = error { true } else { false }
    }
}
