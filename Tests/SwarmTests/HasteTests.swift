import Swarm
import Testing
import TorrentCore

@Suite("Calling peers back in haste")
struct HasteTests {
    @Test func `dials that fail together cost one look at the list`() {
        var haste = Haste()
        var looks = 0
        for _ in 0..<50 where haste.isAllowed(now: .zero) {
            looks += 1
            haste.began(now: .zero)
        }
        #expect(looks == 1)
        #expect(haste.deadline == Timestamp.zero + Haste.pause)
    }

    @Test func `what was put off is done when its time has come`() {
        var haste = Haste()
        haste.began(now: .zero)
        haste.wait(now: .zero)
        #expect(haste.deadline == Timestamp.zero + Haste.repeatTime)
        let isAllowed = haste.isAllowed(now: .zero + .milliseconds(1))
        #expect(!isAllowed)
        let due = Timestamp.zero + Haste.pause
        let isDue = [haste.isDue(now: .zero + .milliseconds(99)), haste.isDue(now: due)]
        #expect(isDue == [false, true])
        let isAllowedThen = haste.isAllowed(now: due)
        #expect(isAllowedThen)
        #expect(haste.deadline == nil)
    }
}
