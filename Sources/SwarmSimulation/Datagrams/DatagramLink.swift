import TorrentCore

/// A `SimulatedPath` at work.
struct DatagramLink {
    let path: SimulatedPath
    private var freeAt = Timestamp.zero
    /// The longest that anything waited.
    private(set) var longestQueue = Interval.zero
    private var random: SeededRandom

    init(_ path: SimulatedPath, seed: UInt64) {
        self.path = path
        random = SeededRandom(seed: seed)
    }

    /// How long what is sent now waits.
    func queueing(now: Timestamp) -> Interval { max(.zero, freeAt - now) }

    /// When a datagram sent now arrives: never, once or twice.
    mutating func send(_ count: Int, mayFragment: Bool = true, now: Timestamp) -> [Timestamp] {
        guard count <= path.mtu || mayFragment else { return [] }
        let waiting = queueing(now: now)
        guard waiting.seconds * Double(path.rate) + Double(count) <= Double(path.queueLimit) else {
            return []
        }
        longestQueue = max(longestQueue, waiting)
        freeAt = now + waiting + .seconds(Double(count) / Double(path.rate))
        guard Double.random(in: 0..<1, using: &random) >= path.loss else { return [] }
        let copies = Double.random(in: 0..<1, using: &random) < path.duplication ? 2 : 1
        return (0..<copies).map { _ in
            let jitter = Int64.random(in: 0...path.jitter.nanoseconds, using: &random)
            return freeAt + path.delay + Interval(nanoseconds: jitter)
        }
    }

    /// What arrives of a datagram.
    mutating func deliver(_ bytes: [UInt8]) -> [UInt8] {
        guard path.corruption > 0, !bytes.isEmpty,
            Double.random(in: 0..<1, using: &random) < path.corruption
        else { return bytes }
        var bytes = bytes
        bytes[Int.random(in: bytes.indices, using: &random)] ^= UInt8.random(
            in: 1...255, using: &random)
        return bytes
    }
}
