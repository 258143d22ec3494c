package import Swarm
package import TorrentCore
import TorrentTree

/// One client that reads one file from shaped peers: real decisions (`TorrentStateMachine`,
/// `ReadaheadStreams`), simulated time, and no payload, so that minutes of a fast swarm take about
/// a second. The same seed and configuration give the same course.
package final class ReadingSimulation {
    /// Hashing a piece takes this long beside its length at a gigabyte a second.
    static let hashQueue = Interval.milliseconds(1)
    /// What the kernel and a mount add to a read that is answered from the cache.
    static let cachedRead = Interval(nanoseconds: 50_000)

    struct Reader {
        let configuration: FileReader
        /// Where a sequential reader asks next.
        var next: Int64 = 0
        var outstanding: Int64 = 0
        var report = FileReaderReport()
    }

    struct Wait {
        let key: ReadKey
        let reader: Int
        let bytes: Range<Int64>
        let pieces: Range<PieceIndex>
        let start: Timestamp
    }

    /// How the file is cut.
    package let geometry: PieceGeometry
    /// Simulated time since the start.
    package private(set) var now = Timestamp.zero
    /// Blocks that were requested, copies included.
    package internal(set) var requestCount = 0
    /// Cancels that were sent.
    package internal(set) var cancelCount = 0

    /// The web seed, what its lanes send, those that have begun to, and what it was asked and has sent.
    var server: ShapedServer?
    var serverRuns: [PeerKey: ServerRun] = [:]
    var serverSent: Set<PeerKey> = []
    var serverRequests = 0
    /// Payload bytes that the web seed has sent.
    package internal(set) var serverBytes: Int64 = 0

    var machine: TorrentStateMachine
    var streams: ReadaheadStreams
    var links: [ShapedLink] = []
    var readers: [Reader]
    var waits: [Wait] = []
    var lastKey: UInt64 = 0
    var random: SeededRandom
    var actions: [SwarmAction] = []
    var timerAt: Timestamp?
    /// Bytes a second that the client can take in from all peers together.
    let downlink: Double
    var downlinkFreeAt = Timestamp.zero
    var limiter: RateLimiter
    private var countedDownload: Int64 = 0
    private var events = EventQueue<ReadingEvent>()

    /// A file of `length` bytes, of which nothing is cached. All peers are seeds that have unchoked
    /// us by the start.
    package init(
        length: Int64, pieceLength: Int, peers: [ShapedPeer], server: ShapedServer? = nil,
        readers: [FileReader],
        downlink: Double = .infinity, downloadLimit: Int? = nil,
        configuration: SwarmConfiguration = .init(), seed: UInt64
    ) {
        geometry = PieceGeometry(totalLength: length, pieceLength: pieceLength)
        random = SeededRandom(seed: seed)
        machine = TorrentStateMachine(
            geometry: geometry, have: Bitfield(count: geometry.pieceCount),
            configuration: configuration, seed: random.next(), now: now)
        streams = ReadaheadStreams(fileLength: length, pieceLength: pieceLength, phase: 0)
        self.readers = readers.map { Reader(configuration: $0) }
        self.downlink = downlink
        limiter = RateLimiter(rate: downloadLimit, now: now)
        for (number, peer) in peers.enumerated() { connect(number, peer) }
        if let server { connect(server) }
        for (number, reader) in readers.enumerated() {
            if case .sequential(let bytes) = reader.pattern {
                self.readers[number].next = bytes.lowerBound
            }
            schedule(.read(reader: number), at: reader.start)
        }
        turn()
    }

    /// What a reader got so far.
    package func report(of reader: Int) -> FileReaderReport { readers[reader].report }

    /// Payload that arrived, and what of it was of no use.
    package var counts: SwarmStatistics { machine.counts }

    /// Runs until all readers are done or time is up; returns whether they are.
    @discardableResult
    package func run(until end: Timestamp) -> Bool {
        while !isFinished, let (time, event) = events.removeFirst(until: end) {
            now = time
            handle(event)
            turn()
        }
        return isFinished
    }

    private var isFinished: Bool { readers.allSatisfy(\.report.isFinished) }

    func schedule(_ event: ReadingEvent, at time: Timestamp) {
        events.add(event, at: max(now, time))
    }

    private func connect(_ number: Int, _ peer: ShapedPeer) {
        let key = PeerKey(UInt32(number))
        links.append(ShapedLink(peer: peer, key: key))
        machine.peerConnected(
            key,
            traits: PeerTraits(
                address: Endpoint(address: .v4(0x0A00_0001 + UInt32(number)), port: 6881),
                supportsFast: peer.supportsFast, requestLimit: 500, isOutgoing: true), now: now)
        machine.peerHasAll(key, now: now)
        machine.peerUnchoked(key, now: now)
        switch peer.trouble {
        case .dies(let at, false): schedule(.gone(link: number), at: at)
        case .chokes(let period, _): schedule(.choking(link: number, true), at: now + period)
        case .none, .stalls, .dies: break
        }
    }

    private func handle(_ event: ReadingEvent) {
        switch event {
        case .requested(let link, let request): requested(link, request)
        case .cancelled(let link, let request): cancelled(link, request)
        case .began(let link, let request):
            guard !links[link].isGone else { return }
            _ = machine.blockBegan(links[link].key, request, now: now)
        case .left(let link, let request): left(link, request)
        case .arrived(let link, let request):
            guard !links[link].isGone else { return }
            _ = machine.blockArrived(links[link].key, request, now: now)
        case .rejected(let link, let request):
            guard !links[link].isGone else { return }
            machine.requestRejected(links[link].key, request, now: now)
        case .choking(let link, let isChoking): choking(link, isChoking)
        case .choked(let link, let isChoking):
            if isChoking {
                machine.peerChoked(links[link].key, now: now)
            } else {
                machine.peerUnchoked(links[link].key, now: now)
            }
        case .gone(let link):
            links[link].isGone = true
            machine.peerDisconnected(links[link].key, now: now)
        case .served(let lane, let attempt): served(lane, attempt: attempt)
        case .timer: timerFired()
        case .hashed(let piece): hashed(piece)
        case .read(let reader): read(reader)
        case .answered(let reader, let bytes, let start): answered(reader, bytes, start)
        }
    }

    private func timerFired() {
        guard let at = timerAt, at <= now else { return }
        timerAt = nil
        for link in links where !link.isGone {
            if let time = link.lastByte(now: now) { machine.peerProgressed(link.key, at: time) }
        }
        machine.timerFired(now: now)
    }

    /// Carries out what the machine wants.
    private func turn() {
        while true {
            allowDownload()
            machine.takeActions(into: &actions)
            guard !actions.isEmpty else { break }
            for action in actions { execute(action) }
        }
        guard var deadline = machine.nextDeadline else { return }
        if let floor = machine.heldBackAbove,
            let due = limiter.nextAvailable(
                above: floor, outstanding: machine.outstandingBytes, now: now)
        {
            deadline = min(deadline, due)
        }
        if let timerAt, timerAt <= deadline { return }
        timerAt = deadline
        schedule(.timer, at: deadline)
    }

    /// As a session does in each turn.
    private func allowDownload() {
        guard limiter.rate != nil else { return }
        limiter.spend(Int(machine.counts.downloaded - countedDownload))
        countedDownload = machine.counts.downloaded
        machine.allowDownload(
            limiter.available(outstanding: machine.outstandingBytes, now: now),
            reserve: Int(limiter.capacity / 2))
    }

    private func execute(_ action: SwarmAction) {
        switch action {
        case .request(let key, let request):
            requestCount += 1
            send(Int(key.rawValue)) { .requested(link: $0, request) }
        case .cancel(let key, let request):
            cancelCount += 1
            send(Int(key.rawValue)) { .cancelled(link: $0, request) }
        case .fetch(let lane, let run): fetch(lane, run)
        case .abandonFetch(let lane): abandonFetch(lane)
        case .verify(let piece, _):
            let time = Interval(nanoseconds: Int64(geometry.length(of: piece)))
            schedule(.hashed(piece), at: now + Self.hashQueue + time)
        default: break
        }
    }

    private func send(_ link: Int, _ event: (Int) -> ReadingEvent) {
        let jitter = Int64.random(in: 0...links[link].peer.jitter.nanoseconds, using: &random)
        let arrival = now + links[link].peer.roundTrip + Interval(nanoseconds: jitter)
        links[link].lastArrival = max(links[link].lastArrival, arrival)
        schedule(event(link), at: links[link].lastArrival)
    }
}
