import TorrentCore

/// What a peer sends: requests wait, pass a link of limited rate one after the other, and leave
/// half a round trip later.
///
/// Times are exact: asked late, it says what should have left until then.
struct Uplink {
    /// What passes the link as one.
    struct Segment {
        var content: TestPeerOutput
        var size: Int
        /// When its first byte enters the link, in the link's time.
        var start: Timestamp
    }

    /// The least that is worth waking up for: what a packet of Ethernet carries.
    private static let packet = 1460
    /// The least time between two writes of a block's parts; smoother costs more than it shows.
    private static let step = Interval.milliseconds(2)
    /// How far the queue of blocks for an unlimited link runs ahead of what the socket took: what
    /// is in it cannot be cancelled, as in a socket's buffer.
    private static let unlimitedBacklog = 1 << 20

    private let rate: Double?
    private let latency: Interval
    private(set) var clock = LinkClock()
    /// Requests that can still be cancelled, with when they came, in the link's time.
    private(set) var waiting = Fifo<(request: BlockRequest, ready: Timestamp)>()
    private var segments = Fifo<Segment>()
    /// Bytes of the first segment that have been sent.
    private var sentOfFirst = 0
    private var queuedBytes = 0
    /// When the link has passed all segments, in its time.
    private var free = Timestamp.zero

    /// `rate` in bytes a second, nil for no limit.
    init(rate: Double?, latency: Interval) {
        self.rate = rate
        self.latency = latency
    }

    // MARK: - Coming in

    mutating func request(_ request: BlockRequest, now: Timestamp) {
        waiting.append((request, clock.linkTime(at: now)))
    }

    /// Takes back a request whose block has not entered the link; says whether there was one.
    mutating func cancel(_ request: BlockRequest) -> Bool {
        waiting.removeFirst { $0.request == request } != nil
    }

    /// Takes back all requests whose blocks have not entered the link.
    mutating func cancelAll() -> [BlockRequest] {
        defer { waiting.removeAll() }
        return (0..<waiting.count).map { waiting[$0].request }
    }

    /// Sends bytes after what is in the link, before the requests that wait.
    mutating func send(_ bytes: [UInt8], now: Timestamp) {
        enter(.bytes(bytes), size: bytes.count, ready: clock.linkTime(at: now))
    }

    /// Nothing passes for a while from `start` on, which no segment may have reached.
    mutating func stall(from start: Timestamp, for length: Interval) {
        clock.addStall(from: start, for: length)
    }

    /// Lets the next request enter the link where it is free before `now`; nil where it is not.
    mutating func startNext(before now: Timestamp) -> BlockRequest? {
        guard let next = waiting.first else { return nil }
        if rate == nil, latency == .zero, queuedBytes >= Self.unlimitedBacklog { return nil }
        let start = clock.realTime(of: max(free, next.ready))
        guard start < now else { return nil }
        let request = waiting.removeFirst().request
        let size = TestPeerOutput.blockHeadLength + Int(request.length)
        enter(.block(request), size: size, ready: next.ready)
        return request
    }

    private mutating func enter(_ content: TestPeerOutput, size: Int, ready: Timestamp) {
        let start = max(free, ready)
        segments.append(Segment(content: content, size: size, start: start))
        queuedBytes += size
        free = start + duration(of: size)
    }

    // MARK: - Going out

    /// When all that entered the link has passed it.
    var passed: Timestamp { clock.realTime(of: free) }

    /// What may leave by `now`: the segments' contents with the bytes of each that are due and not
    /// sent, until `limit` of them.
    func output(now: Timestamp, limit: Int, _ body: (TestPeerOutput, Range<Int>) -> Void) {
        let passing = Timestamp(nanoseconds: now.nanoseconds - latency.nanoseconds)
        var from = sentOfFirst
        for index in 0..<min(limit, segments.count) {
            let segment = segments[index]
            let due = bytesPassed(of: segment, by: passing)
            if due > from { body(segment.content, from..<due) }
            if due < segment.size { return }
            from = 0
        }
    }

    /// So many bytes of the output have been sent; `finished` is told of each segment that is
    /// wholly gone.
    mutating func sent(_ count: Int, finished: (TestPeerOutput) -> Void) {
        queuedBytes -= count
        sentOfFirst += count
        while let first = segments.first, sentOfFirst >= first.size {
            sentOfFirst -= first.size
            finished(segments.removeFirst().content)
        }
    }

    /// When enough more may leave to be worth a write; nil where nothing waits.
    var nextDeparture: Timestamp? {
        if let first = segments.first {
            var wanted = first.size
            if let rate {
                let portion = max(Self.packet, Int(rate * Self.step.seconds))
                wanted = min(wanted, sentOfFirst + portion)
            }
            return clock.realTime(of: first.start + duration(of: wanted)) + latency
        }
        guard let next = waiting.first else { return nil }
        return clock.realTime(of: max(free, next.ready)) + latency
    }

    private func bytesPassed(of segment: Segment, by real: Timestamp) -> Int {
        guard clock.realTime(of: segment.start) <= real else { return 0 }
        guard let rate else { return segment.size }
        let time = clock.linkTime(at: real) - segment.start
        if time >= duration(of: segment.size) { return segment.size }
        return Int(time.seconds * rate)
    }

    private func duration(of size: Int) -> Interval {
        guard let rate else { return .zero }
        return .seconds(Double(size) / rate)
    }
}
