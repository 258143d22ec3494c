import Reactor
import Testing
import TorrentCore
import TorrentTree

@testable import FUSEBridge

@Suite("Reads that failed")
struct InodeStatesTests {
    private static let node = NodeID(1)
    private let states = InodeStates()
    private let asked = Timestamp.now() + .seconds(-10)

    @Test func `what the kernel asks again after the grace time has waited since the first read`() {
        #expect(states.retried(0..<4096, of: Self.node, now: .now()) == nil)
        states.failed(0..<16_384, of: Self.node, asked: asked)
        #expect(states.retried(4096..<8192, of: Self.node, now: .now()) == asked)
    }

    @Test func `a read after one that was given up may wait the full time`() {
        states.failed(0..<16_384, of: Self.node, asked: asked)
        states.failed(0..<4096, of: Self.node, asked: nil)
        let now = Timestamp.now()
        #expect(states.retried(0..<16_384, of: Self.node, now: now) == now)
    }
}
