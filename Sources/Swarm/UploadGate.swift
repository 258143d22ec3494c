package import TorrentCore

/// Who may be sent how much, and when, under one upload limit over many peers.
///
/// Whoever finds nothing left waits in line. When there is some again it is divided among the first
/// in line, in shares of a block at least, and whoever has had its share and wants more goes behind
/// all others. Without a limit, asking costs one comparison.
package struct UploadGate: Sendable {
    private var limiter: RateLimiter
    private var line: [PeerKey] = []
    private var inLine: Set<PeerKey> = []
    private var shares: [PeerKey: Int] = [:]
    /// When `resume` is due; nil where nobody waits.
    package private(set) var nextDeadline: Timestamp?

    /// - Parameter rate: payload bytes a second; nil for no limit.
    package init(rate: Int?, now: Timestamp) {
        limiter = RateLimiter(rate: rate, now: now)
    }

    /// Whether there is a limit.
    package var isLimited: Bool { limiter.rate != nil }

    /// Changes the rate; whoever waits is looked at in the next turn.
    package mutating func setRate(_ rate: Int?, now: Timestamp) {
        limiter.setRate(rate, now: now)
        if !line.isEmpty { nextDeadline = now }
    }

    /// How many bytes the peer may be sent now, `.max` without a limit. Nothing means that it waits:
    /// `resume` names it when it may go on.
    package mutating func allowance(of peer: PeerKey, now: Timestamp) -> Int {
        guard isLimited else { return .max }
        let available = limiter.available(now: now)
        if available > 0 {
            if let share = shares[peer] { return share }
            if line.isEmpty, shares.isEmpty { return available }
        }
        if inLine.insert(peer).inserted { line.append(peer) }
        if nextDeadline == nil { nextDeadline = limiter.nextAvailable(now: now) }
        return 0
    }

    /// So many bytes have been sent to the peer, or are sure to be; negative where they were not
    /// after all. More than its allowance is owed, by all.
    package mutating func spend(_ bytes: Int, by peer: PeerKey) {
        guard isLimited else { return }
        limiter.spend(bytes)
        guard let share = shares[peer] else { return }
        shares[peer] = share > bytes ? share - bytes : nil
    }

    /// Whose turn it is now, in order; empty before `nextDeadline`.
    package mutating func resume(now: Timestamp) -> [PeerKey] {
        guard let due = nextDeadline, now >= due else { return [] }
        shares.removeAll(keepingCapacity: true)
        let available = limiter.available(now: now)
        guard available > 0 else {
            nextDeadline = limiter.nextAvailable(now: now)
            return []
        }
        guard isLimited else {
            defer { line = [] }
            inLine = []
            nextDeadline = nil
            return line
        }
        let share = max(BlockRequest.standardLength, available / line.count)
        let count = min(line.count, (available + share - 1) / share)
        let next = Array(line.prefix(count))
        line.removeFirst(count)
        for peer in next {
            inLine.remove(peer)
            shares[peer] = share
        }
        nextDeadline = line.isEmpty ? nil : limiter.nextAvailable(above: available, now: now)
        return next
    }

    /// The peer has gone.
    package mutating func remove(_ peer: PeerKey) {
        shares[peer] = nil
        guard inLine.remove(peer) != nil else { return }
        line.removeAll { $0 == peer }
        if line.isEmpty { nextDeadline = nil }
    }
}
