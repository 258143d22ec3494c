package import TorrentCore

/// What one peer's past says about when its next block will be here: rate, round trip, service
/// delay, and how far such predictions were off. Constant time per block.
package struct PeerModel: Sendable {
    /// The window covers this much more than the round trip, since asking for too little costs
    /// throughput at once while a tenth of a second of queue costs a seek only that tenth.
    package static let slack = 0.1
    /// An urgent block may queue behind this much of a peer's time.
    package static let urgentQueue = 2.0
    /// Fewer requests than this cannot overlap one block's transfer with the next request.
    package static let minimumWindow = 2
    /// Where slow start begins, as libtorrent does.
    package static let firstWindow = 4
    /// Urgent requests to a peer that has not sent anything yet: half a MiB, what eight such peers
    /// need to share a 4 MiB piece.
    package static let firstUrgentWindow = 32
    /// No peer is sent more than this, whatever it says that it queues: 8 MiB are in flight then.
    package static let maximumWindow = 500
    /// The rate assumed of a peer that has not sent anything, where no other peer has either.
    package static let unprovenRate = 500_000.0
    /// The round trip assumed before one was measured.
    package static let unknownRoundTrip = 0.05
    /// Rates are sampled over at least this much busy time, which evens out bursts.
    static let sampleTime = 0.05

    /// Payload bytes a second while requests were outstanding; meaningless until `isProven`.
    package private(set) var rate = 0.0
    /// Whether it has sent a block.
    package private(set) var isProven = false
    /// Seconds from a request to its first byte where nothing is queued; nearly a minimum.
    package private(set) var roundTrip: Double?
    /// Seconds that the peer adds to that on average.
    package private(set) var service = 0.0
    /// Mean error of predictions in seconds.
    package private(set) var deviation = 0.1
    /// How many speculative requests may be outstanding.
    package private(set) var window = firstWindow
    /// The window still grows by one for every block that arrives.
    package private(set) var isInSlowStart = true

    private var sampleBytes = 0
    private var busyTime = 0.0
    private var busySince: Timestamp?
    private var lastSlowStartRate = 0.0

    /// A peer of which nothing is known.
    package init() {}

    /// How many urgent requests may be outstanding.
    package var urgentWindow: Int {
        guard isProven else { return max(window, Self.firstUrgentWindow) }
        let blocks = rate * Self.urgentQueue / Double(BlockRequest.standardLength)
        return max(window, Int(min(blocks, Double(Self.maximumWindow))))
    }

    /// Seconds until a block that is requested now is here, with `queued` bytes before it.
    /// `assumedRate` stands in for a peer that has sent nothing yet.
    package func secondsToArrival(queued: Int, length: Int, assumedRate: Double) -> Double {
        let rate = max(isProven ? rate : assumedRate, 1)
        let latency = (roundTrip ?? Self.unknownRoundTrip) + service
        return max(latency, Double(queued) / rate) + Double(length) / rate
    }

    /// Seconds after which a prediction has clearly failed: its mean error twice over, and a
    /// floor of 30 ms for the timers' own coarseness.
    package var tolerance: Double { 2 * deviation + 0.03 }

    /// A request goes out; `isAlone` where nothing else was outstanding.
    package mutating func requestSent(isAlone: Bool, now: Timestamp) {
        if isAlone {
            // The round trip is waiting, not transfer.
            busySince = now + .seconds(roundTrip ?? 0)
        }
    }

    /// The first byte answers a request that was sent alone at `sentAt`.
    package mutating func firstByteArrived(sentAt: Timestamp, now: Timestamp) {
        let sample = max(0, (now - sentAt).seconds)
        if let known = roundTrip, sample > known {
            // A twentieth of the way up, so that a changed route is learned and one late answer
            // is not.
            roundTrip = known + (sample - known) * 0.05
            service += (sample - known - service) * 0.2
        } else {
            roundTrip = sample
            service *= 0.8
        }
    }

    /// The transport measured a round trip; only ever lowers what is known.
    package mutating func roundTripMeasured(_ measured: Interval) {
        roundTrip = min(roundTrip ?? .infinity, max(0, measured.seconds))
    }

    /// A block is here; `isIdle` where nothing is outstanding any more.
    package mutating func blockArrived(
        bytes: Int, isIdle: Bool, expectedAt: Timestamp?, now: Timestamp
    ) {
        if let expectedAt {
            let error = abs((now - expectedAt).seconds)
            deviation += (error - deviation) * 0.1
        }
        sampleBytes += bytes
        if isInSlowStart { window = min(window + 1, Self.maximumWindow) }
        if let since = busySince {
            let elapsed = (now - since).seconds
            // Reading the clock's difference is cheap, but a sample needs some time behind it.
            if isIdle || busyTime + elapsed >= Self.sampleTime {
                busyTime += max(0, elapsed)
                busySince = isIdle ? nil : now
            }
        }
        if !isProven || busyTime >= max(Self.sampleTime, min(roundTrip ?? 0, 1)) { takeSample() }
    }

    /// Nothing is outstanding any more, without an answer (choked, cancelled, rejected).
    package mutating func becameIdle() { busySince = nil }

    /// It stopped sending: what it did before says nothing any more.
    package mutating func stalled() {
        window = Self.minimumWindow
        isInSlowStart = false
        rate /= 2
        sampleBytes = 0
        busyTime = 0
    }

    private mutating func takeSample() {
        // A first block that arrives within one clock reading would make an infinite rate.
        guard busyTime > 0.0005 else { return }
        let sample = Double(sampleBytes) / busyTime
        if isProven {
            rate += (sample - rate) * 0.3
        } else {
            rate = sample
            isProven = true
        }
        sampleBytes = 0
        busyTime = 0
        if isInSlowStart {
            if window >= Self.maximumWindow || (sample < lastSlowStartRate * 1.1) {
                isInSlowStart = false
            }
            lastSlowStartRate = max(lastSlowStartRate, sample)
        }
        if !isInSlowStart {
            let seconds = (roundTrip ?? Self.unknownRoundTrip) + service + Self.slack
            let blocks = rate * seconds / Double(BlockRequest.standardLength)
            window = Int(
                min(
                    max(blocks.rounded(.up), Double(Self.minimumWindow)), Double(Self.maximumWindow)
                ))
        }
    }
}
