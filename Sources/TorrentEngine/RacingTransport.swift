import Glibc
import Reactor
import TorrentCore

/// A connection that is dialled over TCP and, where that fails or takes its time, over uTP too: the
/// first that connects is kept, unless TCP is closed again before a byte has come.
///
/// TCP is better at bulk and has the head start; uTP reaches who has no TCP port open, and passes
/// some address translators that TCP does not.
final class RacingTransport: PeerTransport {
    /// TCP is preferred: uTP is tried beside it only when it has not connected by then (RFC 8305
    /// gives the other address family as much).
    private static let headStart = Interval.milliseconds(250)
    /// Where TCP was refused or closed, the host is up: over uTP it answers within some of the round
    /// trips that this took, at least and at most these times, or not at all. The address is to be
    /// free soon for another attempt.
    private static let roundTripsToAnswer: Int64 = 4
    private static let leastAnswerTime = Interval.milliseconds(200)
    private static let longestAnswerTime = Interval.seconds(1.5)
    /// What is written before the first byte comes is kept, to be written again over uTP: the
    /// handshake, of either form. More is not kept, and TCP stays.
    private static let earlyLimit = 4096

    /// Tells the race which of the two has something to say.
    private final class Runner: PeerTransportOwner {
        let transport: any PeerTransport
        weak var race: RacingTransport?

        init(_ transport: any PeerTransport) { self.transport = transport }

        func transportReady(_ ready: EventInterest, now: Timestamp) {
            race?.ready(ready, of: self, now: now)
        }
    }

    private let endpoint: Endpoint
    private let port: UTPPort
    private var tcp: Runner?
    private var utp: Runner?
    private var winner: (any PeerTransport)?
    private var owner: (any PeerTransportOwner)?
    private var context: ShardContext?
    private var interest: EventInterest = []
    private var startedAt = Timestamp.zero
    /// How long TCP took to connect or to be refused.
    private var answerTime = Interval.zero
    /// What TCP was given before it gave anything; nil once uTP has no chance any more.
    private var early: [UInt8]? = []
    /// Why the last one has failed.
    private var error: Int32 = 0
    private var dropsUnsent = false

    /// Takes over a TCP connection whose connect is under way.
    init(_ socket: StreamSocket, to endpoint: Endpoint, port: UTPPort) {
        self.endpoint = endpoint
        self.port = port
        tcp = Runner(TCPTransport(socket))
    }

    /// A connection whose TCP was refused on this machine, as by its firewall: uTP has all the time
    /// there is.
    init(to endpoint: Endpoint, port: UTPPort, refused error: SystemError) {
        self.endpoint = endpoint
        self.port = port
        self.error = error.code
        answerTime = Self.longestAnswerTime
    }

    func start(
        _ owner: any PeerTransportOwner, interest: EventInterest, in context: ShardContext
    ) throws(SystemError) {
        self.owner = owner
        self.context = context
        self.interest = interest
        startedAt = .now()
        guard let tcp else {
            leaveToUTP(error, now: startedAt)
            guard utp != nil else { throw SystemError(error, "connect \(endpoint)") }
            return
        }
        tcp.race = self
        try tcp.transport.start(tcp, interest: .write, in: context)
        port.wait(self, until: startedAt + Self.headStart)
    }

    func stop() {
        port.forget(self)
        owner = nil
        tcp?.transport.stop()
        utp?.transport.stop()
        tcp = nil
        utp = nil
        winner = nil
    }

    func watch(_ interest: EventInterest) throws(SystemError) {
        self.interest = interest
        try winner?.watch(interest)
    }

    // MARK: - The race

    /// TCP has not connected yet, or uTP has not where TCP was refused.
    func timeHasCome(now: Timestamp) {
        guard winner == nil else { return }
        if tcp != nil {
            startUTP(now: now)
        } else if let utp {
            lost(utp, error, now: now)
        }
    }

    private func startUTP(now: Timestamp) {
        guard utp == nil, let context, let transport = port.connect(to: endpoint, now: now)
        else { return }
        let runner = Runner(transport)
        runner.race = self
        do throws(SystemError) {
            try transport.start(runner, interest: .write, in: context)
            utp = runner
        } catch {
            Log.debug("\(endpoint): \(error)")
        }
    }

    /// TCP is out; the host is up if that was quick.
    private func leaveToUTP(_ code: Int32, now: Timestamp) {
        error = code
        tcp?.transport.stop()
        tcp = nil
        startUTP(now: now)
        guard utp != nil else { return }
        let time = max(Self.leastAnswerTime, answerTime * Self.roundTripsToAnswer)
        port.wait(self, until: now + min(time, Self.longestAnswerTime))
    }

    private func ready(_ ready: EventInterest, of runner: Runner, now: Timestamp) {
        if winner != nil {
            owner?.transportReady(ready, now: now)
            return
        }
        let code = runner.transport.connectError
        guard code == 0 else { return lost(runner, code, now: now) }
        win(runner, now: now)
    }

    private func lost(_ runner: Runner, _ code: Int32, now: Timestamp) {
        if runner === tcp {
            answerTime = now - startedAt
            leaveToUTP(code, now: now)
        } else {
            if error == 0 { error = code }
            runner.transport.stop()
            utp = nil
        }
        if tcp == nil, utp == nil {
            port.forget(self)
            owner?.transportReady([.read, .write], now: now)
        }
    }

    private func win(_ runner: Runner, now: Timestamp) {
        port.forget(self)
        let loser = runner === tcp ? utp : tcp
        loser?.transport.dropUnsentAtClose()
        loser?.transport.stop()
        winner = runner.transport
        if dropsUnsent { runner.transport.dropUnsentAtClose() }
        if runner === tcp {
            utp = nil
            answerTime = now - startedAt
        } else {
            tcp = nil
            // A new connection takes far more than this.
            if let early, !early.isEmpty {
                _ = early.withUnsafeBytes { runner.transport.write([$0]) }
            }
            early = nil
        }
        do throws(SystemError) {
            try runner.transport.watch(interest)
        } catch {
            Log.debug("\(endpoint): \(error)")
        }
        owner?.transportReady(.write, now: now)
    }

    /// Whether TCP, which was connected and has given nothing, is closed now, and uTP tried instead:
    /// a client without TCP may have its port open all the same.
    private func givesWay(_ code: Int32) -> Bool {
        guard early != nil, tcp != nil, utp == nil else { return false }
        winner = nil
        leaveToUTP(code, now: .now())
        return utp != nil
    }

    // MARK: - The winner

    var isUTP: Bool { winner?.isUTP ?? false }

    var connectError: Int32 { winner?.connectError ?? error }

    var roundTrip: Interval? { winner?.roundTrip }

    func dropUnsentAtClose() {
        dropsUnsent = true
        tcp?.transport.dropUnsentAtClose()
        utp?.transport.dropUnsentAtClose()
    }

    func acknowledgeNow() { winner?.acknowledgeNow() }

    func setReceiveLowWater(_ bytes: Int) { winner?.setReceiveLowWater(bytes) }

    func read(
        into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> TransferResult {
        guard let winner else { return undecided }
        let result = winner.read(into: first, second)
        if case .bytes = result, early != nil { early = nil }
        return unlessItGivesWay(result)
    }

    func write(_ parts: [UnsafeRawBufferPointer]) -> TransferResult {
        guard let winner else { return undecided }
        let result = winner.write(parts)
        if case .bytes(let count) = result { keepEarly(parts, count: count) }
        return unlessItGivesWay(result)
    }

    /// What the winner's end means: nothing yet, where the other one takes its place.
    private func unlessItGivesWay(_ result: TransferResult) -> TransferResult {
        switch result {
        case .bytes, .wouldBlock: result
        case .endOfStream: givesWay(ECONNRESET) ? .wouldBlock : result
        case .failed(let code): givesWay(code) ? .wouldBlock : result
        }
    }

    private func keepEarly(_ parts: [UnsafeRawBufferPointer], count: Int) {
        guard let held = early?.count else { return }
        guard held + count <= Self.earlyLimit else {
            early = nil
            return
        }
        var left = count
        for part in parts {
            early?.append(contentsOf: part.prefix(left))
            left -= min(left, part.count)
        }
    }

    private var undecided: TransferResult {
        tcp == nil && utp == nil ? .failed(error) : .wouldBlock
    }
}
