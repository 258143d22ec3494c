import Testing
import TorrentCore
import TrackerProtocol

@Suite("Announcing over IPv4 and IPv6 (BEP 7)")
struct AnnounceLegsTests {
    private typealias Outcome = Result<AnnounceResponse, TrackerError>

    private func answer(_ interval: Int64) -> Outcome {
        .success(AnnounceResponse(intervalSeconds: interval, peers: []))
    }

    private let unreachable = Outcome.failure(.transport("unreachable"))
    private let refused = Outcome.failure(.refused(reason: "no", retry: .never))

    @Test func `the first answer is the tracker's, and the other leg goes on`() {
        var legs = AnnounceLegs([.v4, .v6], event: .started)
        #expect(legs.ended(.v6, answer(600)) == answer(600))
        #expect(!legs.isOver)
        #expect(legs.ended(.v4, answer(900)) == nil)
        #expect(legs.isOver)
    }

    @Test func `one leg that fails is not the announce's failure`() {
        var legs = AnnounceLegs([.v4, .v6], event: .none)
        #expect(legs.ended(.v6, unreachable) == nil)
        #expect(legs.ended(.v4, answer(900)) == answer(900))
    }

    @Test(arguments: [true, false])
    func `where both fail, the tracker's own words count`(isFirst: Bool) {
        var legs = AnnounceLegs([.v4, .v6], event: .none)
        #expect(legs.ended(.v4, isFirst ? refused : unreachable) == nil)
        #expect(legs.ended(.v6, isFirst ? unreachable : refused) == refused)
        #expect(legs.isOver)
    }

    @Test func `stopped is over when both have heard it`() {
        var legs = AnnounceLegs([.v4, .v6], event: .stopped)
        #expect(legs.ended(.v4, answer(900)) == nil)
        #expect(legs.ended(.v6, unreachable) == answer(900))
    }

    @Test func `a leg ends once, and only where it was sent`() {
        var legs = AnnounceLegs([.any], event: .started)
        #expect(legs.ended(.v4, refused) == nil)
        #expect(legs.ended(.any, answer(900)) == answer(900))
        #expect(legs.ended(.any, answer(600)) == nil)
    }
}
