import Testing
import TorrentCore
import TrackerProtocol

/// An `AnnounceAction` with the tracker's host instead of its number.
enum AnnounceStep: Equatable {
    case told(String, AnnounceEvent)
    case cancelled(String)
    case finished
}

/// A machine and the names of its trackers: `a` stands for `http://a/announce`.
struct AnnounceRig {
    var machine: AnnounceStateMachine

    init(
        _ tiers: [[String]], isPrivate: Bool = false, isComplete: Bool = false, seed: UInt64 = 1
    ) {
        machine = AnnounceStateMachine(
            tiers: tiers.map { $0.map(Self.url) }, isPrivate: isPrivate, isComplete: isComplete,
            seed: seed)
    }

    static func url(_ name: String) -> String { "http://\(name)/announce" }

    func name(_ tracker: Int) -> String {
        String((machine.url(of: tracker) ?? "").dropFirst(7).prefix { $0 != "/" })
    }

    func number(_ name: String) -> Int {
        (0..<machine.trackerCount).first { self.name($0) == name } ?? -1
    }

    mutating func steps() -> [AnnounceStep] {
        machine.takeActions().map { action in
            switch action {
            case .announce(let tracker, _, let event): .told(name(tracker), event)
            case .cancel(let tracker): .cancelled(name(tracker))
            case .finished: .finished
            }
        }
    }

    /// `name` answers at `seconds`; what follows from it.
    mutating func succeed(
        _ name: String, at seconds: Double, interval: Int64 = 1800, minInterval: Int64? = nil,
        trackerID: [UInt8]? = nil
    ) -> [AnnounceStep] {
        machine.succeeded(
            number(name),
            AnnounceResponse(
                intervalSeconds: interval, minIntervalSeconds: minInterval, peers: [],
                trackerID: trackerID), now: at(seconds))
        return steps()
    }

    /// `name` fails at `seconds`; what follows from it.
    mutating func fail(
        _ name: String, at seconds: Double, _ error: TrackerError = .timedOut
    ) -> [AnnounceStep] {
        machine.failed(number(name), error, now: at(seconds))
        return steps()
    }

    mutating func add(_ name: String, at seconds: Double) -> Bool {
        machine.add(url: name.isEmpty ? "nonsense" : Self.url(name), now: at(seconds))
    }

    mutating func start(at seconds: Double = 0) -> [AnnounceStep] {
        machine.start(now: at(seconds))
        return steps()
    }

    mutating func stop(at seconds: Double) -> [AnnounceStep] {
        machine.stop(now: at(seconds))
        return steps()
    }

    mutating func wait(until seconds: Double) -> [AnnounceStep] {
        machine.timerFired(now: at(seconds))
        return steps()
    }
}

@Suite("Announcing (BEP 3)")
struct AnnounceEventTests {
    private var rig = AnnounceRig([["a"]])

    @Test mutating func `started comes first, then periodic announces without an event`() {
        #expect(rig.start() == [.told("a", .started)])
        #expect(rig.machine.nextDeadline == nil)
        #expect(rig.succeed("a", at: 1, interval: 600) == [])
        #expect(rig.machine.nextDeadline == at(601))
        #expect(rig.wait(until: 600.9) == [])
        #expect(rig.wait(until: 601) == [.told("a", .none)])
        #expect(rig.succeed("a", at: 602, interval: 900) == [])
        #expect(rig.machine.nextDeadline == at(1502))
    }

    @Test mutating func `a tracker that never answered hears started again`() {
        #expect(rig.start() == [.told("a", .started)])
        #expect(rig.fail("a", at: 1) == [])
        #expect(rig.wait(until: 10) == [.told("a", .started)])
    }

    @Test mutating func `completed is told once, at once, whatever the min interval`() {
        _ = rig.start()
        _ = rig.succeed("a", at: 1, minInterval: 600)
        rig.machine.complete(now: at(2))
        #expect(rig.steps() == [.told("a", .completed)])
        #expect(rig.succeed("a", at: 3) == [])
        rig.machine.complete(now: at(4))
        #expect(rig.steps() == [])
        #expect(rig.wait(until: 2000) == [.told("a", .none)])
    }

    @Test mutating func `completed waits for the answer to started`() {
        _ = rig.start()
        rig.machine.complete(now: at(1))
        #expect(rig.steps() == [])
        #expect(rig.succeed("a", at: 2) == [.told("a", .completed)])
    }

    @Test mutating func `completed is not told where started failed meanwhile`() {
        _ = rig.start()
        rig.machine.complete(now: at(1))
        #expect(rig.fail("a", at: 2) == [])
        #expect(rig.wait(until: 10) == [.told("a", .started)])
        #expect(rig.succeed("a", at: 11) == [])
    }

    @Test mutating func `completed that failed is told again`() {
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        rig.machine.complete(now: at(2))
        _ = rig.steps()
        #expect(rig.fail("a", at: 3) == [])
        #expect(rig.wait(until: 10) == [.told("a", .completed)])
    }

    @Test mutating func `what was complete at the start is never completed`() {
        rig = AnnounceRig([["a"]], isComplete: true)
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        rig.machine.complete(now: at(2))
        #expect(rig.steps() == [])
    }

    @Test mutating func `the tracker id is kept for the next announce`() {
        _ = rig.start()
        _ = rig.succeed("a", at: 1, trackerID: [1, 2])
        #expect(rig.machine.trackerID(of: 0) == [1, 2])
        _ = rig.wait(until: 2000)
        _ = rig.succeed("a", at: 2000)
        #expect(rig.machine.trackerID(of: 0) == [1, 2])
    }

    @Test mutating func `an early announce waits for the min interval`() {
        _ = rig.start()
        _ = rig.succeed("a", at: 0, minInterval: 120)
        rig.machine.requestPeers(now: at(10))
        #expect(rig.steps() == [])
        #expect(rig.machine.nextDeadline == at(120))
        #expect(rig.wait(until: 120) == [.told("a", .none)])
        _ = rig.succeed("a", at: 121, minInterval: 120)
        rig.machine.requestPeers(now: at(500))
        #expect(rig.steps() == [.told("a", .none)])
    }

    @Test mutating func `an early announce does not shorten the back-off`() throws {
        _ = rig.start()
        _ = rig.fail("a", at: 0)
        let deadline = try #require(rig.machine.nextDeadline)
        rig.machine.requestPeers(now: at(1))
        #expect(rig.steps() == [])
        #expect(rig.machine.nextDeadline == deadline)
    }

    @Test mutating func `the wait doubles with each failure up to half an hour`() throws {
        var now = 0.0
        _ = rig.start()
        var expected = 5.0
        for _ in 0..<14 {
            _ = rig.fail("a", at: now)
            let wait = try #require(rig.machine.nextDeadline).nanoseconds
            let seconds = Double(wait) / 1e9 - now
            #expect(seconds >= expected - 1e-6 && seconds <= expected * 1.1 + 1e-6)
            expected = min(expected * 2, 1800)
            now += seconds
            #expect(rig.wait(until: now + 1e-3) == [.told("a", .started)])
        }
        _ = rig.succeed("a", at: now)
        _ = rig.wait(until: now + 1800)
        _ = rig.fail("a", at: now + 1801)
        let after = try #require(rig.machine.nextDeadline)
        #expect(after <= at(now + 1801 + 5.6), "an answer ends the row of failures")
    }

    @Test mutating func `a tracker's own retry time is obeyed, within reason`() {
        _ = rig.start()
        _ = rig.fail("a", at: 0, .refused(reason: "", retry: .after(.seconds(600))))
        #expect(rig.machine.nextDeadline == at(600))
        _ = rig.wait(until: 600)
        _ = rig.fail("a", at: 600, .refused(reason: "", retry: .after(.seconds(1e9))))
        #expect(
            rig.machine.nextDeadline == at(600) + AnnounceResponse.longestInterval)
    }

    @Test mutating func `a tracker that says never is not asked again (BEP 31)`() {
        _ = rig.start()
        #expect(rig.fail("a", at: 0, .refused(reason: "", retry: .never)) == [])
        #expect(rig.machine.nextDeadline == nil)
        #expect(rig.wait(until: 1e6) == [])
        #expect(rig.stop(at: 1e6) == [.finished])
    }

    @Test mutating func `reports that nobody waits for change nothing`() {
        #expect(rig.succeed("a", at: 0) == [])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        #expect(rig.fail("a", at: 2) == [])
        rig.machine.failed(99, .timedOut, now: at(2))
        #expect(rig.machine.nextDeadline == at(1801))
    }
}

@Suite("Tracker tiers (BEP 12, BEP 27)")
struct AnnounceTierTests {
    @Test func `a public torrent announces to all tiers at once`() {
        var rig = AnnounceRig([["a"], ["b"], ["c"]])
        #expect(
            rig.start() == [.told("a", .started), .told("b", .started), .told("c", .started)])
    }

    @Test func `a tier goes on to its next tracker when one fails`() {
        var rig = AnnounceRig([["a", "b"]])
        let first = rig.start()
        let (one, other) = first == [.told("a", .started)] ? ("a", "b") : ("b", "a")
        #expect(rig.fail(one, at: 1) == [.told(other, .started)])
        #expect(rig.succeed(other, at: 2) == [])
        // The one that answered is now the tier's first.
        #expect(rig.wait(until: 1802) == [.told(other, .none)])
        #expect(rig.fail(other, at: 1803) == [.told(one, .started)])
    }

    @Test func `the order within a tier is shuffled, between tiers it is not`() {
        var firsts: Set<String> = []
        for seed in 0..<50 {
            var rig = AnnounceRig(
                [["a", "b", "c"], ["d"]], isPrivate: true, seed: UInt64(seed))
            guard case .told(let name, _)? = rig.start().first else { continue }
            firsts.insert(name)
        }
        #expect(firsts == ["a", "b", "c"])
    }

    @Test func `a tier's next tracker is tried when the first is slow`() {
        var rig = AnnounceRig([["a", "b"]])
        guard case .told(let slow, _)? = rig.start().first else { return }
        let other = slow == "a" ? "b" : "a"
        #expect(rig.machine.nextDeadline == at(5))
        #expect(rig.wait(until: 5) == [.told(other, .started)])
        #expect(rig.succeed(other, at: 6) == [])
        // The late answer does not take the place of the one that came in time.
        #expect(rig.succeed(slow, at: 20) == [])
        #expect(rig.machine.nextDeadline == at(1806))
        #expect(rig.wait(until: 1806) == [.told(other, .none)])
        // Both know us, so both hear that we stop.
        #expect(rig.stop(at: 1807) == [.told(slow, .stopped)])
        #expect(rig.succeed(other, at: 1807.1) == [.told(other, .stopped)])
    }

    @Test func `a private torrent asks one tracker at a time, strictly in order`() {
        var rig = AnnounceRig([["a"], ["b"], ["c"]], isPrivate: true)
        #expect(rig.start() == [.told("a", .started)])
        #expect(rig.machine.nextDeadline == nil)
        #expect(rig.wait(until: 60) == [], "patience is for public torrents")
        #expect(rig.fail("a", at: 61) == [.told("b", .started)])
        #expect(rig.succeed("b", at: 62) == [])
        // The next announce begins at the top again.
        #expect(rig.wait(until: 1862) == [.told("a", .started)])
        #expect(rig.fail("a", at: 1863) == [.told("b", .none)])
        #expect(rig.fail("b", at: 1864) == [.told("c", .started)])
    }

    @Test func `a private torrent prefers the first tier when all have waited long enough`() {
        var rig = AnnounceRig([["a"], ["b"]], isPrivate: true)
        _ = rig.start()
        _ = rig.fail("a", at: 0)
        _ = rig.fail("b", at: 0)
        #expect(rig.wait(until: 100) == [.told("a", .started)])
    }

    @Test func `a torrent that turns out to be private keeps one tracker and leaves the others`() {
        var rig = AnnounceRig([["a"], ["b"], ["c"]])
        rig.machine.start(now: .zero)
        #expect(rig.steps() == [.told("a", .started), .told("b", .started), .told("c", .started)])
        #expect(rig.succeed("b", at: 1) == [])
        #expect(rig.succeed("c", at: 1) == [])
        rig.machine.becomePrivate(now: at(2))
        #expect(rig.steps() == [.cancelled("a"), .told("c", .stopped)])
        #expect(rig.succeed("c", at: 2) == [])
        rig.machine.becomePrivate(now: at(3))
        #expect(rig.steps() == [])
        // One at a time, and from the top, as with any private torrent.
        #expect(rig.wait(until: 1801) == [.told("a", .started)])
    }

    @Test func `an early announce of a private torrent stays with the tracker that works`() {
        var rig = AnnounceRig([["a"], ["b"]], isPrivate: true)
        _ = rig.start()
        _ = rig.succeed("a", at: 0, minInterval: 60)
        rig.machine.requestPeers(now: at(1))
        #expect(rig.steps() == [])
        #expect(rig.wait(until: 60) == [.told("a", .none)])
    }

    @Test func `no tracker at all is no trouble`() {
        var rig = AnnounceRig([])
        #expect(rig.start() == [])
        #expect(rig.machine.nextDeadline == nil)
        rig.machine.requestPeers(now: at(1))
        rig.machine.complete(now: at(1))
        #expect(rig.stop(at: 2) == [.finished])
    }

    @Test func `thousands of trackers are cut, and few are asked at once`() {
        var rig = AnnounceRig((0..<5000).map { ["t\($0)"] })
        #expect(rig.machine.trackerCount == AnnounceStateMachine.trackerLimit)
        var asked = rig.start()
        #expect(asked.count == AnnounceStateMachine.parallelLimit)
        #expect(rig.machine.nextDeadline == nil)
        var waiting = asked
        while case .told(let name, _)? = waiting.popLast() {
            let next = rig.fail(name, at: 1)
            asked += next
            waiting += next
        }
        #expect(asked.count == AnnounceStateMachine.trackerLimit)
    }

    @Test func `unusable and repeated URLs are left out`() {
        let machine = AnnounceStateMachine(
            tiers: [
                ["http://a/announce", "dht://x", ""],
                ["http://a/announce#x", "udp://b:1/x", "http://b/ö"],
            ], isPrivate: false, isComplete: false, seed: 1)
        #expect(machine.trackerCount == 2)
        #expect(machine.url(of: 1) == "udp://b:1/x")
        #expect(machine.url(of: 2) == nil)
    }

    @Test func `a list of unusable URLs is not read to its end`() {
        let bad = [String](repeating: "dht://x", count: AnnounceStateMachine.urlLimit)
        let machine = AnnounceStateMachine(
            tiers: [bad, ["http://a/announce"]], isPrivate: false, isComplete: false, seed: 1)
        #expect(machine.trackerCount == 0)
    }

    @Test func `an added tracker is asked at once by a public torrent`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        let isAdded = rig.add("b", at: 1)
        #expect(isAdded)
        #expect(rig.steps() == [.told("b", .started)])
        let isAddedAgain = rig.add("b", at: 1)
        let isNonsenseAdded = rig.add("", at: 1)
        #expect(!isAddedAgain && !isNonsenseAdded)
        #expect(rig.steps() == [])
    }

    @Test func `an added tracker is a private torrent's last resort`() {
        var rig = AnnounceRig([["a"]], isPrivate: true)
        rig.machine.add(url: AnnounceRig.url("b"), now: at(0))
        #expect(rig.start() == [.told("a", .started)])
        #expect(rig.fail("a", at: 1) == [.told("b", .started)])
    }

    @Test func `trackers that a new list leaves out hear stopped, the others go on`() {
        var rig = AnnounceRig([["a"], ["b"], ["c"]])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        _ = rig.succeed("b", at: 1)
        rig.machine.replace(
            tiers: [[AnnounceRig.url("a")], [AnnounceRig.url("d")]], now: at(10))
        #expect(
            rig.steps() == [.told("b", .stopped), .cancelled("c"), .told("d", .started)])
        #expect(rig.succeed("b", at: 11) == [])
        #expect(rig.succeed("d", at: 11) == [])
        #expect(rig.wait(until: 1801) == [.told("a", .none)])
        #expect(rig.wait(until: 1900) == [.told("d", .none)])
    }

    @Test func `numbers of trackers that are gone are used again`() {
        var rig = AnnounceRig([["a"]])
        for round in 0..<1000 {
            rig.machine.replace(tiers: [[AnnounceRig.url("t\(round)")]], now: at(0))
        }
        #expect(rig.machine.trackerCount <= 2)
    }
}

@Suite("Stopping (BEP 3)")
struct AnnounceStopTests {
    @Test func `every tracker that ever answered hears stopped, the others do not`() {
        var rig = AnnounceRig([["a"], ["b"], ["c"]])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        _ = rig.succeed("b", at: 1)
        _ = rig.fail("c", at: 1)
        #expect(rig.stop(at: 2) == [.told("a", .stopped), .told("b", .stopped)])
        #expect(rig.succeed("a", at: 2.1) == [])
        #expect(rig.succeed("b", at: 2.2) == [.finished])
        #expect(rig.machine.nextDeadline == nil)
    }

    @Test func `a tracker that failed after it had answered hears stopped`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        _ = rig.wait(until: 1801)
        _ = rig.fail("a", at: 1802)
        #expect(rig.stop(at: 1803) == [.told("a", .stopped)])
        #expect(rig.fail("a", at: 1804) == [.finished])
    }

    @Test func `stopped follows the started that is under way`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        #expect(rig.stop(at: 1) == [])
        #expect(rig.machine.nextDeadline == at(1.5))
        #expect(rig.succeed("a", at: 1.2) == [.told("a", .stopped)])
        #expect(rig.succeed("a", at: 1.3) == [.finished])
    }

    @Test func `a started that fails while stopping ends it`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        _ = rig.stop(at: 1)
        #expect(rig.fail("a", at: 1.2) == [.finished])
    }

    @Test func `an announce that does not end in the grace is cut short by stopped`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        _ = rig.stop(at: 1)
        #expect(rig.wait(until: 1.5) == [.cancelled("a"), .told("a", .stopped)])
        #expect(rig.machine.nextDeadline == at(2), "it never answered, so it may be dead")
        #expect(rig.wait(until: 2) == [.cancelled("a"), .finished])
    }

    @Test func `a tracker that knows us is waited for three seconds`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        _ = rig.stop(at: 2)
        #expect(rig.machine.nextDeadline == at(5))
        #expect(rig.wait(until: 4.9) == [])
        #expect(rig.wait(until: 5) == [.cancelled("a"), .finished])
        #expect(rig.succeed("a", at: 6) == [])
    }

    @Test func `nothing is announced after stop but stopped`() {
        var rig = AnnounceRig([["a"], ["b"]])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        _ = rig.stop(at: 2)
        rig.machine.requestPeers(now: at(2))
        rig.machine.complete(now: at(2))
        rig.machine.add(url: AnnounceRig.url("c"), now: at(2))
        #expect(rig.steps() == [])
        #expect(rig.fail("b", at: 2.1) == [])
        #expect(rig.fail("a", at: 2.2) == [.finished])
        #expect(rig.wait(until: 1e5) == [])
    }

    @Test func `stop before start and a second stop do nothing more`() {
        var rig = AnnounceRig([["a"]])
        #expect(rig.stop(at: 0) == [.finished])
        #expect(rig.stop(at: 1) == [])
    }

    @Test func `a torrent can be started again after it finished`() {
        var rig = AnnounceRig([["a"]])
        _ = rig.start()
        _ = rig.succeed("a", at: 1)
        _ = rig.stop(at: 2)
        _ = rig.succeed("a", at: 3)
        #expect(rig.start(at: 4) == [.told("a", .started)])
    }

    @Test(arguments: 0..<200)
    func `whatever happens, each tracker hears a sensible course and stopping ends`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var rig = AnnounceRig(
            [["a", "b"], ["c"], ["d", "e", "f"]], isPrivate: seed % 3 == 0,
            isComplete: seed % 5 == 0, seed: UInt64(seed))
        var world = AnnounceWorld(isPrivate: seed % 3 == 0)
        var now = 0.0
        world.apply(rig.start())
        for _ in 0..<300 {
            now += Double.random(in: 0...20, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: rig.machine.requestPeers(now: at(now))
            case 1 where Int.random(in: 0..<20, using: &random) == 0:
                rig.machine.complete(now: at(now))
            case 2...8:
                if let name = world.underWay.keys.sorted().randomElement(using: &random) {
                    let answers = Bool.random(using: &random)
                    world.ends(name, answered: answers)
                    world.apply(answers ? rig.succeed(name, at: now) : rig.fail(name, at: now))
                }
            default:
                now = max(now, rig.machine.nextDeadline.map { Double($0.nanoseconds) / 1e9 } ?? now)
            }
            world.apply(rig.wait(until: now))
        }
        let stopped = now
        world.isStopping = true
        world.apply(rig.stop(at: now))
        while let deadline = rig.machine.nextDeadline {
            now = Double(deadline.nanoseconds) / 1e9
            world.apply(rig.wait(until: now))
        }
        #expect(world.isFinished)
        #expect(now <= stopped + AnnounceStateMachine.stopPatience.seconds + 0.001)
        #expect(world.knowing.isSubset(of: world.toldStopped))
    }
}

/// What the trackers see, checked against what BEP 3 and BEP 27 allow.
private struct AnnounceWorld {
    let isPrivate: Bool
    var underWay: [String: AnnounceEvent] = [:]
    var knowing: Set<String> = []
    var completed: Set<String> = []
    var toldStopped: Set<String> = []
    var isStopping = false
    var isFinished = false

    init(isPrivate: Bool) { self.isPrivate = isPrivate }

    mutating func apply(_ steps: [AnnounceStep]) {
        for step in steps {
            #expect(!isFinished)
            switch step {
            case .told(let name, let event):
                #expect(underWay[name] == nil, "two announces at once to \(name)")
                #expect((event == .stopped) == isStopping)
                switch event {
                case .started: #expect(!knowing.contains(name))
                case .none: #expect(knowing.contains(name))
                case .completed:
                    #expect(knowing.contains(name))
                    #expect(!completed.contains(name))
                case .stopped: toldStopped.insert(name)
                }
                underWay[name] = event
                #expect(!isPrivate || isStopping || underWay.count == 1)
            case .cancelled(let name): #expect(underWay.removeValue(forKey: name) != nil)
            case .finished: isFinished = true
            }
        }
    }

    mutating func ends(_ name: String, answered: Bool) {
        let event = underWay.removeValue(forKey: name)
        guard answered else { return }
        knowing.insert(name)
        if event == .completed { completed.insert(name) }
    }
}
