import Swarm
import Testing
import TorrentCore

@Suite("Peer model")
struct PeerModelTests {
    /// A peer with this round trip and rate, kept busy with the model's own window.
    private func run(roundTrip: Double, rate: Double, seconds: Double) -> PeerModel {
        var model = PeerModel()
        var now = 0.0
        var free = 0.0
        var sent: [(at: Double, arrives: Double)] = []
        func time(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }
        while now < seconds {
            while sent.count < model.window {
                model.requestSent(isAlone: sent.isEmpty, now: time(now))
                free = max(free, now + roundTrip) + 16384 / rate
                sent.append((now, free))
            }
            let next = sent.removeFirst()
            if next.at == 0, next.arrives <= roundTrip + 16384 / rate + 1e-9 {
                model.firstByteArrived(sentAt: .zero, now: time(roundTrip))
            }
            now = next.arrives
            model.blockArrived(
                bytes: 16384, isIdle: sent.isEmpty, expectedAt: nil, now: time(now))
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

    @Test func `an arrival is a round trip or the queue, whichever is longer`() {
        var model = PeerModel()
        model.roundTripMeasured(.milliseconds(40))
        let idle = model.secondsToArrival(queued: 0, length: 16384, assumedRate: 163_840)
        let busy = model.secondsToArrival(queued: 163_840, length: 16384, assumedRate: 163_840)
        #expect(abs(idle - 0.14) < 1e-9)
        #expect(abs(busy - 1.1) < 1e-9)
    }
}
