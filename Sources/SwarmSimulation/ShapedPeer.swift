package import TorrentCore

/// One seed of a `ReadingSimulation`: a link with a rate and a delay, and perhaps some trouble.
package struct ShapedPeer: Sendable {
    /// What goes wrong with it.
    package enum Trouble: Equatable, Sendable {
        /// Nothing.
        case none
        /// It sends nothing for `time` from `start` on, and again each `period`.
        case stalls(start: Timestamp, time: Interval, period: Interval)
        /// It is gone from then on; silently, or the connection is closed.
        case dies(at: Timestamp, silently: Bool)
        /// It chokes at the end of each period, and unchokes after `time`.
        case chokes(period: Interval, time: Interval)
    }

    /// Payload bytes a second.
    package var rate: Double
    /// From a request to the first byte of its answer.
    package var roundTrip: Interval
    /// Added to the round trip of each request, at random up to this.
    package var jitter = Interval.zero
    /// Bytes that it hands to its socket ahead of time; what is there cannot be cancelled.
    package var sendBuffer = 64 << 10
    /// It answers every request (BEP 6).
    package var supportsFast = true
    /// What goes wrong.
    package var trouble = Trouble.none

    /// A peer without trouble.
    package init(rate: Double, roundTrip: Interval, trouble: Trouble = .none) {
        self.rate = rate
        self.roundTrip = roundTrip
        self.trouble = trouble
    }

    /// When bytes are out that begin to leave at `start`; nil where that is never.
    func end(sending bytes: Int, from start: Timestamp) -> Timestamp? {
        let time = Interval.seconds(Double(bytes) / rate)
        switch trouble {
        case .none, .chokes: return start + time
        case .dies(let at, _): return start + time <= at ? start + time : nil
        case .stalls(let first, let stall, let period):
            var start = start
            var left = time
            var next = first
            while true {
                if start < next {
                    guard next < start + left else { return start + left }
                    left = left - (next - start)
                }
                if start < next + stall { start = next + stall }
                next = next + period
            }
        }
    }
}
