import Swarm
import Testing
import TorrentCore

@Suite("Rate limits")
struct RateLimiterTests {
    private func at(_ seconds: Double) -> Timestamp { .zero + .seconds(seconds) }

    @Test func `without a rate everything passes`() {
        var limiter = RateLimiter(rate: nil, now: .zero)
        limiter.spend(1 << 40)
        #expect(limiter.available(now: .zero) == .max)
        #expect(limiter.nextAvailable(now: .zero) == nil)
    }

    @Test(arguments: [4096, 50_000, 1_000_000, 300_000_000])
    func `whoever comes back when told sends at the rate, to the percent`(rate: Int) {
        var limiter = RateLimiter(rate: rate, now: .zero)
        var now = Timestamp.zero
        var sent = 0
        var wakes = 0
        // Two thousand blocks or half a minute, whichever is longer.
        let end = at(max(30, 2000 * 16_384 / Double(rate)))
        while now < end {
            while limiter.available(now: now) > 0 {
                limiter.spend(16_384)
                sent += 16_384
            }
            guard let next = limiter.nextAvailable(now: now) else { break }
            now = next
            wakes += 1
        }
        let expected = Double(rate) * (end - .zero).seconds
        #expect(abs(Double(sent) / expected - 1) < 0.02)
        // A hundred times a second at most.
        #expect(Double(wakes) < 101 * (end - .zero).seconds)
    }

    @Test func `a pause saves up a quarter of a second and no more`() {
        var limiter = RateLimiter(rate: 1_000_000, now: .zero)
        #expect(limiter.available(now: at(3600)) == 250_000)
        limiter.spend(900_000)
        #expect(limiter.available(now: at(3600)) == -650_000)
        #expect(limiter.available(now: at(3600.5)) == -150_000)
    }

    @Test func `what was asked for counts before it comes, and once`() {
        var limiter = RateLimiter(rate: 1_000_000, now: .zero)
        #expect(limiter.available(outstanding: 200_000, now: .zero) == 50_000)
        limiter.spend(200_000)
        #expect(limiter.available(outstanding: 0, now: .zero) == 50_000)
    }

    @Test func `a new rate holds at once and forgets neither debt nor savings beyond its own`() {
        var limiter = RateLimiter(rate: 10_000_000, now: .zero)
        limiter.setRate(100_000, now: .zero)
        #expect(limiter.available(now: .zero) == 32_768)
        limiter.spend(10_000_000)
        limiter.setRate(1_000_000, now: .zero)
        #expect(limiter.available(now: .zero) == -250_000)
        limiter.setRate(nil, now: .zero)
        #expect(limiter.available(now: .zero) == .max)
    }
}
