import TorrentCore
import TrackerProtocol

/// The announces of one torrent: a machine for each of the hashes that swarms know it by, since a
/// hybrid is in two swarms (BEP 52). Behaves as one machine whose trackers come once for each hash.
struct SwarmAnnounces {
    /// Numbers of trackers that each hash has.
    private static let stride = 1 << 16

    private struct Announced {
        let hash: SHA1Digest
        var machine: AnnounceStateMachine
        var isFinished = false
    }

    private var swarms: [Announced]
    /// When `timerFired` is needed. Kept, as it is asked for in every turn of the loop.
    private(set) var nextDeadline: Timestamp?
    private let tiers: [[String]]
    private let isComplete: Bool
    private let seed: UInt64

    init(
        hashes: [SHA1Digest], tiers: [[String]], isPrivate: Bool, isComplete: Bool, seed: UInt64
    ) {
        self.tiers = tiers
        self.isComplete = isComplete
        self.seed = seed
        swarms = []
        for hash in hashes { add(hash, isPrivate: isPrivate) }
    }

    /// Another hash, which the metadata has told; it is to be started.
    private mutating func add(_ hash: SHA1Digest, isPrivate: Bool) {
        swarms.append(
            Announced(
                hash: hash,
                machine: AnnounceStateMachine(
                    tiers: tiers, isPrivate: isPrivate, isComplete: isComplete,
                    seed: seed &+ UInt64(swarms.count))))
    }

    /// Announces under those of these hashes too that were not known before.
    mutating func start(also hashes: [SHA1Digest], isPrivate: Bool, now: Timestamp) {
        for hash in hashes where !swarms.contains(where: { $0.hash == hash }) {
            add(hash, isPrivate: isPrivate)
            swarms[swarms.count - 1].machine.start(now: now)
        }
        findDeadline()
    }

    /// The hash that a tracker is to be asked for.
    func hash(of tracker: Int) -> SHA1Digest { swarms[tracker / Self.stride].hash }

    // MARK: - As one machine

    mutating func start(now: Timestamp) { forEach { $0.start(now: now) } }
    mutating func stop(now: Timestamp) { forEach { $0.stop(now: now) } }
    mutating func complete(now: Timestamp) { forEach { $0.complete(now: now) } }
    mutating func becomePrivate(now: Timestamp) { forEach { $0.becomePrivate(now: now) } }
    mutating func networkReturned(now: Timestamp) { forEach { $0.networkReturned(now: now) } }
    mutating func requestPeers(now: Timestamp) { forEach { $0.requestPeers(now: now) } }

    mutating func timerFired(now: Timestamp) {
        forEach { machine in
            if let due = machine.nextDeadline, now >= due { machine.timerFired(now: now) }
        }
    }

    mutating func takeActions() -> [AnnounceAction] {
        var actions: [AnnounceAction] = []
        for index in swarms.indices {
            let base = index * Self.stride
            for action in swarms[index].machine.takeActions() {
                switch action {
                case .announce(let tracker, let url, let event):
                    swarms[index].isFinished = false
                    actions.append(.announce(tracker: base + tracker, url: url, event: event))
                case .cancel(let tracker): actions.append(.cancel(tracker: base + tracker))
                case .finished:
                    swarms[index].isFinished = true
                    if swarms.allSatisfy(\.isFinished) { actions.append(.finished) }
                }
            }
        }
        return actions
    }

    func url(of tracker: Int) -> String? {
        swarms[tracker / Self.stride].machine.url(of: tracker % Self.stride)
    }

    func trackerID(of tracker: Int) -> [UInt8]? {
        swarms[tracker / Self.stride].machine.trackerID(of: tracker % Self.stride)
    }

    mutating func succeeded(_ tracker: Int, _ response: AnnounceResponse, now: Timestamp) {
        swarms[tracker / Self.stride].machine
            .succeeded(tracker % Self.stride, response, now: now)
        findDeadline()
    }

    mutating func failed(_ tracker: Int, _ error: TrackerError, now: Timestamp) {
        swarms[tracker / Self.stride].machine.failed(tracker % Self.stride, error, now: now)
        findDeadline()
    }

    private mutating func forEach(_ body: (inout AnnounceStateMachine) -> Void) {
        for index in swarms.indices { body(&swarms[index].machine) }
        findDeadline()
    }

    private mutating func findDeadline() {
        nextDeadline = swarms.compactMap(\.machine.nextDeadline).min()
    }
}
