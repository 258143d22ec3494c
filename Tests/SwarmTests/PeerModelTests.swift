import Swarm
import Testing
import TorrentCore

@Suite("Peer model")
struct PeerModelTests {
    private static let block = BlockRequest.standardLength

    private func time(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    /// A peer with this round trip and rate, kept busy with the model's own window.
    private func run(roundTrip: Double, rate: Double, seconds: Double) -> PeerModel {
        var model = PeerModel()
        var now = 0.0
        var free = 0.0
        var sent: [(at: Double, arrives: Double)] = []
        while now < seconds {
            while sent.count < model.window {
                free = max(free, now + roundTrip) + Double(Self.block) / rate
                sent.append((now, free))
            }
            let next = sent.removeFirst()
            if next.at == 0, next.arrives <= roundTrip + Double(Self.block) / rate + 1e-9 {
                model.firstByteArrived(sentAt: .zero, now: time(roundTrip))
            }
            now = next.arrives
            model.blockArrived(
                bytes: Self.block, isIdle: sent.isEmpty, expectedAt: nil, now: time(now))
        }
        return model
    }

    @Test(arguments: [
        (0.0001, 800e6), (0.001, 100e6), (0.04, 1e6), (0.04, 10e6), (0.2, 5e6), (0.02, 50e3),
    ])
    func `it learns the rate and keeps the pipe full`(roundTrip: Double, rate: Double) {
        let model = run(roundTrip: roundTrip, rate: rate, seconds: 20)
        #expect(abs(model.rate - rate) / rate < 0.15)
        let needed = min(500, rate * roundTrip / 16384)
        #expect(Double(model.window) >= needed)
        let shallow = rate * (roundTrip + 0.1) / 16384 * 1.3 + 4
        #expect(Double(model.window) <= max(shallow, 500 * 1))
        if shallow < 400 { #expect(Double(model.window) <= shallow) }
    }

    @Test(arguments: [(0.05, 5e6, 8), (0.05, 5e6, 1), (0.2, 1e6, 3), (0.02, 300e3, 2)])
    func `it learns the rate from short bursts with pauses between`(
        roundTrip: Double, rate: Double, blocks: Int
    ) {
        var model = PeerModel()
        // What TCP says of a peer behind a proxy is too little.
        model.roundTripMeasured(.milliseconds(1))
        for burst in 0..<40 {
            let start = Double(burst)
            model.firstByteArrived(sentAt: time(start), now: time(start + roundTrip))
            for block in 1...blocks {
                let arrival = start + roundTrip + Double(block * Self.block) / rate
                model.blockArrived(
                    bytes: Self.block, isIdle: block == blocks, expectedAt: nil, now: time(arrival))
            }
        }
        #expect(model.isProven)
        #expect(abs(model.rate - rate) / rate < 0.01)
        #expect(abs(model.latency - roundTrip) < 0.002)
    }

    @Test func `blocks over a link too fast to measure leave the rate open`() {
        var model = PeerModel()
        for burst in 0..<100 {
            let now = time(Double(burst) * 0.1)
            model.firstByteArrived(sentAt: now, now: now)
            model.blockArrived(bytes: Self.block, isIdle: true, expectedAt: nil, now: now)
        }
        #expect(!model.isProven)
    }

    @Test func `a queue that is asked for now arrives after the round trip`() {
        var model = PeerModel()
        model.roundTripMeasured(.milliseconds(40))
        func drain(_ queued: Int, _ oldest: Double, _ newest: Double) -> Double {
            model.secondsToDrain(
                queued: queued, oldestAge: oldest, newestAge: newest, assumedRate: 163_840)
        }
        #expect(drain(0, 0, 0) == 0)
        // Just asked for, on the way for long, and the last of it not even there yet.
        #expect(abs(drain(163_840, 0, 0) - 1.04) < 1e-9)
        #expect(abs(drain(163_840, 2, 1) - 1) < 1e-9)
        #expect(abs(drain(1638, 2, 0) - 0.04) < 1e-9)
        let idle = model.secondsToArrival(drain: 0, length: 16384, assumedRate: 163_840)
        let busy = model.secondsToArrival(drain: 1, length: 16384, assumedRate: 163_840)
        #expect(abs(idle - 0.14) < 1e-9)
        #expect(abs(busy - 1.1) < 1e-9)
    }
}
