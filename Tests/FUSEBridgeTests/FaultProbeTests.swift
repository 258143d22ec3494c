import Testing

@testable import FUSEBridge

@Suite("Signals of a reader")
struct FaultProbeTests {
    private func status(
        own: UInt64 = 0, shared: UInt64 = 0, blocked: UInt64 = 0, handled: UInt64 = 0
    ) -> String {
        func mask(_ bits: UInt64) -> String { String(bits, radix: 16) }
        return """
            Name:\tpython3
            State:\tD (disk sleep)
            SigQ:\t1/95767
            SigPnd:\t\(mask(own))
            ShdPnd:\t\(mask(shared))
            SigBlk:\t\(mask(blocked))
            SigIgn:\t0000000000001000
            SigCgt:\t\(mask(handled))

            """
    }

    @Test func `only a signal that ends the program counts`() {
        let user: UInt64 = 1 << 9
        let term: UInt64 = 1 << 14
        let child: UInt64 = 1 << 16
        #expect(!FaultProbe.isDying(status: status()))
        #expect(!FaultProbe.isDying(status: status(shared: user, handled: user)))
        #expect(!FaultProbe.isDying(status: status(shared: term, blocked: term)))
        #expect(!FaultProbe.isDying(status: status(shared: child | 0x1000)))
        #expect(FaultProbe.isDying(status: status(shared: user | term, handled: user)))
        #expect(FaultProbe.isDying(status: status(own: 1 << 8)))
        #expect(!FaultProbe.isDying(status: ""))
    }

    @Test func `a thread that is gone is dying, one that runs is not`() {
        #expect(FaultProbe.isDying(0x7FFF_FFF0))
        #expect(!FaultProbe.isDying(1))
    }
}
