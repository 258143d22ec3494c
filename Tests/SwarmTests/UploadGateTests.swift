import Swarm
import Testing
import TorrentCore

@Suite("Uploads under a rate limit")
struct UploadGateTests {
    private static let block = BlockRequest.standardLength

    private func at(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    @Test func `without a limit nobody waits`() {
        var gate = UploadGate(rate: nil, now: .zero)
        for peer in UInt32(0)..<100 {
            #expect(gate.allowance(of: PeerKey(peer), now: .zero) == .max)
            gate.spend(1 << 30, by: PeerKey(peer))
        }
        #expect(gate.nextDeadline == nil)
    }

    /// Peers that always want more, each sent as much as it may be at a time, in whole blocks; a
    /// greedy one asks again and again although it has to wait.
    private func send(
        rate: Int, peers: Int, seconds: Double, greedy: PeerKey? = nil
    ) -> [PeerKey: Int] {
        var gate = UploadGate(rate: rate, now: .zero)
        var sent: [PeerKey: Int] = [:]
        var now = Timestamp.zero
        var ready = (0..<peers).map { PeerKey(UInt32($0)) }
        while now < at(seconds) {
            for peer in ready + (greedy.map { [$0] } ?? []) {
                while true {
                    let allowed = gate.allowance(of: peer, now: now)
                    guard allowed > 0 else { break }
                    let bytes = max(1, allowed / Self.block) * Self.block
                    gate.spend(bytes, by: peer)
                    sent[peer, default: 0] += bytes
                }
            }
            guard let next = gate.nextDeadline else { break }
            now = max(now, next)
            ready = gate.resume(now: now)
        }
        return sent
    }

    @Test(arguments: [
        (20_000, 3), (100_000, 1), (100_000, 7), (1_000_000, 40), (50_000_000, 8),
    ])
    func `peers share the rate evenly, and it is kept`(rate: Int, peers: Int) {
        let seconds = 60.0
        let sent = send(rate: rate, peers: peers, seconds: seconds)
        let total = sent.values.reduce(0, +)
        let saved = max(2 * Double(Self.block), Double(rate) / 4)
        #expect(Double(total) <= Double(rate) * seconds + saved + Double(peers * Self.block))
        #expect(Double(total) > Double(rate) * seconds * 0.97)
        #expect(sent.count == peers)
        // The first to come has what was saved up.
        let most = Double(sent.values.max() ?? 0) - saved
        #expect(most < 1.2 * Double(total) / Double(peers) + Double(2 * Self.block))
    }

    @Test func `asking more often gives nothing more`() {
        let sent = send(rate: 200_000, peers: 4, seconds: 60, greedy: PeerKey(2))
        let others = sent.filter { $0.key != PeerKey(2) }.values.max() ?? 0
        #expect(Double(sent[PeerKey(2)] ?? 0) < 1.2 * Double(others))
    }

    @Test func `who leaves is not waited for, and who has all gone needs no timer`() {
        var gate = UploadGate(rate: 100_000, now: .zero)
        gate.spend(1_000_000, by: PeerKey(9))
        #expect(gate.allowance(of: PeerKey(1), now: .zero) == 0)
        #expect(gate.allowance(of: PeerKey(2), now: .zero) == 0)
        gate.remove(PeerKey(1))
        #expect(gate.resume(now: at(100)) == [PeerKey(2)])
        gate.remove(PeerKey(2))
        #expect(gate.allowance(of: PeerKey(3), now: at(100)) > 0)
        gate.spend(1_000_000, by: PeerKey(3))
        #expect(gate.allowance(of: PeerKey(3), now: at(100)) == 0)
        gate.remove(PeerKey(3))
        #expect(gate.nextDeadline == nil)
    }

    @Test func `when the limit is lifted, all who wait go on at once`() {
        var gate = UploadGate(rate: 4096, now: .zero)
        gate.spend(1_000_000, by: PeerKey(9))
        for peer in UInt32(1)...3 { #expect(gate.allowance(of: PeerKey(peer), now: .zero) == 0) }
        gate.setRate(nil, now: at(1))
        #expect(gate.nextDeadline == at(1))
        #expect(gate.resume(now: at(1)) == [PeerKey(1), PeerKey(2), PeerKey(3)])
        #expect(gate.nextDeadline == nil)
        #expect(gate.allowance(of: PeerKey(1), now: at(1)) == .max)
    }
}
