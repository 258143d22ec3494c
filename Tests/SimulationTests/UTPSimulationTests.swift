import SwarmSimulation
import Testing
import TorrentCore
import UTPProtocol

@Suite("uTP over a simulated path (BEP 29)")
struct UTPSimulationTests {
    private static func seconds(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    private static func simulation(
        seed: UInt64 = 1, _ change: (inout SimulatedPath) -> Void = { _ in }
    ) -> UTPSimulation {
        var forward = SimulatedPath()
        change(&forward)
        var backward = forward
        backward.mtu = 1472
        return UTPSimulation(forward: forward, backward: backward, seed: seed)
    }

    /// Sends `length` bytes, expects them whole and in order, and gives bytes a second.
    @discardableResult
    private func expectWhole(
        _ simulation: UTPSimulation, length: Int, within limit: Double = 600
    ) -> Double {
        let flow = simulation.addFlow(length: length)
        simulation.run(until: Self.seconds(limit))
        let report = simulation.report(flow)
        #expect(report.received == length)
        #expect(report.wrong == 0)
        #expect(report.failure == nil)
        let end = report.finishedAt.map { ($0 - .zero).seconds } ?? .infinity
        #expect(end < limit)
        return Double(length) / end
    }

    @Test(arguments: [(0.0, 0.8), (0.01, 0.08), (0.05, 0.03)])
    func `all arrives at 100 ms and 10 Mbit-s, at a fair share of the link`(
        loss: Double, share: Double
    ) {
        let simulation = Self.simulation { $0.loss = loss }
        let rate = expectWhole(simulation, length: loss == 0 ? 8_000_000 : 2_000_000)
        print("uTP, 100 ms, loss \(loss): \(Int(rate)) B/s, queue \(simulation.longestQueue)")
        #expect(rate >= share * 1_250_000)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `every byte arrives in order whatever the path does`(seed: UInt64) {
        let simulation = Self.simulation(seed: seed) {
            $0.loss = Double(seed) / 60
            $0.jitter = .milliseconds(Int64(seed) * 8)
            $0.duplication = 0.05
        }
        expectWhole(simulation, length: 400_000 + Int(seed) * 777)
    }

    @Test(arguments: [1, 2, 1_211, 1_212, 1_213, 20_000])
    func `any length arrives with its end`(length: Int) {
        let simulation = Self.simulation()
        expectWhole(simulation, length: length, within: 30)
    }

    @Test(arguments: [1472, 1400, 1300, 1240, 1200])
    func `the path's longest datagram is found`(mtu: Int) {
        let simulation = Self.simulation { $0.mtu = mtu }
        let flow = simulation.addFlow(length: 3_000_000)
        simulation.run(until: Self.seconds(2))
        let found = simulation.report(flow).pathMTU
        #expect(found <= max(mtu, 1232))
        #expect(found > mtu - 16)
        simulation.run(until: Self.seconds(60))
        #expect(simulation.report(flow).received == 3_000_000)
    }

    /// Bytes of two flows over a stretch of time.
    private func shares(
        of flows: [Int], in simulation: UTPSimulation, from start: Double, to end: Double
    ) -> [Double] {
        simulation.run(until: Self.seconds(start))
        let before = flows.map { simulation.report($0).received }
        simulation.run(until: Self.seconds(end))
        return zip(flows, before).map { Double(simulation.report($0).received - $1) }
    }

    @Test(arguments: [0, 10])
    func `two flows share a link, also where one came first`(lead: Double) {
        let simulation = Self.simulation()
        let flows = [
            simulation.addFlow(length: .max),
            simulation.addFlow(length: .max, start: Self.seconds(lead)),
        ]
        let bytes = shares(of: flows, in: simulation, from: 30, to: 60)
        let total = bytes[0] + bytes[1]
        print(
            "uTP: two flows, \(lead) s apart: \(Int(bytes[0] / 30)) and \(Int(bytes[1] / 30)) B/s")
        #expect(total / 30 >= 0.75 * 1_250_000)
        #expect(min(bytes[0], bytes[1]) / total >= 0.25)
    }

    @Test func `it gives way to TCP`() {
        let simulation = Self.simulation { $0.queueLimit = 500_000 }
        let flow = simulation.addFlow(length: .max)
        let tcp = simulation.addTCP(start: Self.seconds(10))
        simulation.run(until: Self.seconds(30))
        let before = simulation.tcpBytes(tcp)
        let bytes = shares(of: [flow], in: simulation, from: 30, to: 60)
        let others = Double(simulation.tcpBytes(tcp) - before)
        print("uTP: beside TCP: \(Int(bytes[0] / 30)) and TCP \(Int(others / 30)) B/s")
        #expect(others / 30 >= 0.8 * 1_250_000)
        #expect(bytes[0] > 0)
    }

    @Test func `the queue that it makes is no longer than the target`() {
        let simulation = Self.simulation { $0.queueLimit = 5_000_000 }
        let flow = simulation.addFlow(length: .max)
        let bytes = shares(of: [flow], in: simulation, from: 20, to: 40)
        print("uTP: longest queue \(simulation.longestQueue), then \(Int(bytes[0] / 20)) B/s")
        #expect(simulation.longestQueue < .milliseconds(300))
        #expect(bytes[0] / 20 >= 0.75 * 1_250_000)
    }

    @Test(arguments: [-200, 200] as [Int64])
    func `clocks that drift do not starve it`(drift: Int64) {
        let simulation = Self.simulation()
        simulation.clockDrift = drift
        let flow = simulation.addFlow(length: .max)
        let bytes = shares(of: [flow], in: simulation, from: 30, to: 60)
        print("uTP: clock drift \(drift) ppm: \(Int(bytes[0] / 30)) B/s")
        #expect(bytes[0] / 30 >= 0.5 * 1_250_000)
    }

    @Test func `a reader that stops holds the sender up, and goes on`() {
        let simulation = Self.simulation()
        simulation.isReading = false
        let flow = simulation.addFlow(length: 3_000_000)
        simulation.run(until: Self.seconds(100))
        #expect(simulation.report(flow).received == 0)
        #expect(simulation.forwardDatagrams < 1500)
        simulation.resumeReading()
        simulation.run(until: Self.seconds(200))
        #expect(simulation.report(flow).received == 3_000_000)
        #expect(simulation.report(flow).wrong == 0)
    }

    @Test func `acknowledgements cost a fiftieth of what they acknowledge`() {
        let simulation = Self.simulation()
        expectWhole(simulation, length: 3_000_000)
        #expect(simulation.backwardBytes < 3_000_000 / 50)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `spoiled datagrams end at worst the connection`(seed: UInt64) {
        let simulation = Self.simulation(seed: seed) { $0.corruption = 0.05 }
        let flow = simulation.addFlow(length: 300_000)
        simulation.run(until: Self.seconds(120))
        let report = simulation.report(flow)
        #expect(report.received <= 300_000 || report.wrong > 0)
        #expect(simulation.receiverTable.count <= 1)
    }
}
