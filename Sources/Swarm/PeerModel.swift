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
    /// The first sample may be shorter: a rough guess is better than one for all peers. Below this
    /// it would measure how the kernel bunches segments.
    static let firstSampleTime = 0.003

    /// Payload bytes a second while it was sending; meaningless until `isProven`.
    package private(set) var rate = 0.0
    /// Whether its rate is known.
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

    /// Whether a request was answered; what the transport says counts until then.
    private var hasAnswered = false
    /// Bytes and time of the sample being taken. The first block after a pause is not part of it:
    /// its time is that of the request.
    private var sampleBytes = 0
    private var busyTime = 0.0
    private var busySince: Timestamp?
    private var lastCounted = Timestamp.zero
    /// A block of which no first byte was seen alone, or the one that was, is the next to arrive.
    private var isFirstBlock = true
    /// Whether a block that comes alone says something about the rate.
    private var mayMeasureAlone = false
    private var lastSlowStartRate = 0.0

    /// A peer of which nothing is known.
    package init() {}

    /// How many urgent requests may be outstanding.
    package var urgentWindow: Int {
        guard isProven else { return max(window, Self.firstUrgentWindow) }
        let blocks = rate * Self.urgentQueue / Double(BlockRequest.standardLength)
        return max(window, Int(min(blocks, Double(Self.maximumWindow))))
    }

    /// Seconds from a request to the first byte of its answer where nothing is queued.
    package var latency: Double { (roundTrip ?? Self.unknownRoundTrip) + service }

    /// Payload bytes a second to reckon with; `assumed` stands in where nothing is known.
    package func expectedRate(assumed: Double) -> Double { max(isProven ? rate : assumed, 1) }

    /// Seconds from now until `queued` bytes are here, the first of which were requested
    /// `oldestAge` and the last `newestAge` seconds ago; zero where nothing is queued.
    package func secondsToDrain(
        queued: Int, oldestAge: Double, newestAge: Double, assumedRate: Double
    ) -> Double {
        guard queued > 0 else { return 0 }
        let rate = expectedRate(assumed: assumedRate)
        let sent = max(0, latency - oldestAge) + Double(queued) / rate
        return max(sent, latency - newestAge)
    }

    /// Seconds until a block that is requested now is here, where the queue drains in `drain`.
    package func secondsToArrival(drain: Double, length: Int, assumedRate: Double) -> Double {
        max(latency, drain) + Double(length) / expectedRate(assumed: assumedRate)
    }

    /// Seconds after which a prediction has clearly failed: its mean error twice over, and a
    /// floor of 20 ms for the timers' own coarseness and a busy moment of either machine.
    package var tolerance: Double { 2 * deviation + 0.02 }

    /// The first byte answers a request that was sent alone at `sentAt`.
    package mutating func firstByteArrived(sentAt: Timestamp, now: Timestamp) {
        let sample = max(0, (now - sentAt).seconds)
        // A block that comes alone is measured from when it was due: its header may have been held
        // up together with it.
        mayMeasureAlone = hasAnswered
        busySince = hasAnswered ? min(now, sentAt + .seconds(roundTrip ?? 0)) : now
        lastCounted = now
        isFirstBlock = true
        if hasAnswered, let known = roundTrip, sample > known {
            // A twentieth of the way up, so that a changed route is learned and one late answer
            // is not.
            roundTrip = known + (sample - known) * 0.05
            service += (sample - known - service) * 0.2
        } else {
            roundTrip = sample
            service *= 0.8
        }
        hasAnswered = true
    }

    /// The transport measured a round trip, which is the best guess until a request is answered:
    /// a peer also needs time to read its disk, and may be behind a proxy.
    package mutating func roundTripMeasured(_ measured: Interval) {
        if !hasAnswered { roundTrip = max(0, measured.seconds) }
    }

    /// A block is here; `isIdle` where nothing is outstanding any more.
    package mutating func blockArrived(
        bytes: Int, isIdle: Bool, expectedAt: Timestamp?, now: Timestamp
    ) {
        if let expectedAt {
            let error = abs((now - expectedAt).seconds)
            deviation += (error - deviation) * 0.1
        }
        if isInSlowStart { window = min(window + 1, Self.maximumWindow) }
        count(bytes, isIdle: isIdle, now: now)
        let needed = isProven ? max(Self.sampleTime, min(roundTrip ?? 0, 1)) : Self.firstSampleTime
        if busyTime >= needed { takeSample() }
    }

    /// Nothing is outstanding any more, without an answer (choked, cancelled, rejected).
    package mutating func becameIdle() {
        if let since = busySince { busyTime += max(0, (lastCounted - since).seconds) }
        busySince = nil
    }

    /// It stopped sending: what it did before says nothing any more.
    package mutating func stalled() {
        window = Self.minimumWindow
        isInSlowStart = false
        rate /= 2
        sampleBytes = 0
        busyTime = 0
        busySince = nil
    }

    /// Adds a block to the sample. One that is followed by others only starts the clock; one that
    /// comes alone is measured from when its first byte was due.
    private mutating func count(_ bytes: Int, isIdle: Bool, now: Timestamp) {
        guard let since = busySince, !isFirstBlock || isIdle else {
            busySince = isIdle ? nil : now
            lastCounted = now
            isFirstBlock = false
            return
        }
        let elapsed = max(0, (now - since).seconds)
        // What arrives whole at once, as over loopback, tells nothing when it comes alone.
        if isFirstBlock, !mayMeasureAlone || elapsed < Self.firstSampleTime / 2 {
            busySince = nil
            return
        }
        isFirstBlock = false
        sampleBytes += bytes
        lastCounted = now
        if isIdle || !isProven || busyTime + elapsed >= Self.sampleTime {
            busyTime += elapsed
            busySince = isIdle ? nil : now
        }
    }

    private mutating func takeSample() {
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
            let blocks = rate * (latency + Self.slack) / Double(BlockRequest.standardLength)
            window = Int(
                min(
                    max(blocks.rounded(.up), Double(Self.minimumWindow)), Double(Self.maximumWindow)
                ))
        }
    }
}
