import TorrentCore

/// What is known of one HTTP server that has the torrent's files (BEP 19), and when to ask it.
struct WebSeed {
    /// Runs of blocks that it is asked for at a time. One of these lanes is kept for reads that
    /// wait, so that they never queue behind readahead. Browsers open six connections to a host.
    static let laneCount = 5
    /// The first pause after a failure, which doubles with each further one in a row...
    static let firstPause = Interval.seconds(1)
    /// ...up to this.
    static let longestPause = Interval.seconds(120)
    /// After so many files in a row that it does not give, the URL is taken to be wrong: it is
    /// paused, and not asked for every one of a million files.
    static let refusalLimit = 16
    /// The pause then.
    static let refusalPause = Interval.seconds(600)
    /// What is assumed before anything was measured: a server on another continent.
    static let assumedLatency = 0.2
    /// Bytes a second of one lane, likewise.
    static let assumedRate = 1_000_000.0

    /// What its blocks are known by, whichever lane they came on.
    let key: PeerKey
    /// Slots of its lanes.
    let lanes: [Int]
    private(set) var disabledFiles: Set<FileIndex> = []
    private(set) var isDisabled = false
    private(set) var pausedUntil = Timestamp.zero
    /// Failures since it last sent anything.
    private(set) var failures = 0
    private var refusalsInARow = 0
    /// Seconds from a request to its answer.
    private(set) var latency: Double?
    /// Bytes a second of one lane.
    private(set) var laneRate: Double?

    var errors = 0
    var lastFailure: WebSeedFailure?
    var downloaded: Int64 = 0
    var rate: RateEstimator

    init(key: PeerKey, lanes: [Int], now: Timestamp) {
        self.key = key
        self.lanes = lanes
        rate = RateEstimator(now: now)
    }

    func isReady(now: Timestamp) -> Bool { !isDisabled && pausedUntil <= now }

    /// Seconds until `bytes` are here where `lanes` of its lanes share them.
    func seconds(for bytes: Int, lanes: Int = 1) -> Double {
        (latency ?? Self.assumedLatency)
            + Double(bytes) / ((laneRate ?? Self.assumedRate) * Double(max(1, lanes)))
    }

    /// A run has begun to arrive.
    mutating func answered(after seconds: Double) {
        latency = latency.map { $0 + (seconds - $0) / 4 } ?? seconds
    }

    /// A run has arrived whole.
    mutating func delivered(bytes: Int, in seconds: Double) {
        failures = 0
        refusalsInARow = 0
        // What takes less is measured too inexactly, and says nothing about a long run.
        guard bytes >= 4 * BlockRequest.standardLength else { return }
        let rate = Double(bytes) / max(seconds, 0.001)
        laneRate = laneRate.map { $0 + (rate - $0) / 4 } ?? rate
    }

    /// A run has ended early. `hasSent`: some of it arrived.
    mutating func failed(
        _ failure: WebSeedFailure, file: FileIndex?, hasSent: Bool, now: Timestamp,
        random: inout SeededRandom
    ) {
        errors += 1
        lastFailure = failure
        if case .forbidden = failure {
            isDisabled = true
            return
        }
        if failure.isOfFile, let file {
            disabledFiles.insert(file)
            refusalsInARow += 1
            if refusalsInARow == Self.refusalLimit {
                refusalsInARow = 0
                pausedUntil = now + Self.refusalPause
            }
            return
        }
        if hasSent { failures = 0 }
        var pause = Interval.zero
        // Lanes fail together: one trouble is one failure.
        if pausedUntil <= now {
            failures = min(failures + 1, 30)
            let doubled = Self.firstPause.seconds * Double(1 << (failures - 1))
            let jitter = Double.random(in: 0.5..<1.5, using: &random)
            pause = .seconds(min(doubled, Self.longestPause.seconds) * jitter)
        }
        if case .busy(_, let wanted?) = failure { pause = max(pause, wanted) }
        pausedUntil = max(pausedUntil, now + pause)
    }

    /// Its pause was the network's fault.
    mutating func networkReturned() {
        guard lastFailure?.isOfFile != true else { return }
        failures = 0
        pausedUntil = .zero
    }

    /// One of its files is not to be asked for any more.
    mutating func disable(_ file: FileIndex) { disabledFiles.insert(file) }
}
