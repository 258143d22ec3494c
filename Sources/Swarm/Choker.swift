package import TorrentCore

/// Decides whom we upload to: a few slots for those that deserve them, and one that moves among
/// all others so that newcomers get a chance (BEP 3).
package struct Choker: Sendable {
    /// What the decision needs to know of a peer.
    package struct Candidate: Sendable {
        /// Whoever asks for the decision knows it by this number.
        package var number: Int
        /// It is interested in us.
        package var isInterested: Bool
        /// We unchoke it now.
        package var isUnchoked: Bool
        /// It stopped sending what we asked for.
        package var isSnubbed: Bool
        /// Payload bytes a second from it.
        package var downloadRate: Double
        /// Payload bytes a second to it.
        package var uploadRate: Double
        /// Since when it is unchoked, or waits to be.
        package var since: Timestamp

        /// A candidate.
        package init(
            number: Int, isInterested: Bool, isUnchoked: Bool, isSnubbed: Bool,
            downloadRate: Double, uploadRate: Double, since: Timestamp
        ) {
            self.number = number
            self.isInterested = isInterested
            self.isUnchoked = isUnchoked
            self.isSnubbed = isSnubbed
            self.downloadRate = downloadRate
            self.uploadRate = uploadRate
            self.since = since
        }
    }

    /// How often slots are given anew (BEP 3: ten seconds, against fibrillation).
    package static let interval = Interval.seconds(10)
    /// How long the optimistic slot stays where it is (BEP 3: thirty seconds).
    package static let optimisticInterval = Interval.seconds(30)
    /// While we only upload, a slot moves on after this long where others wait: libtorrent's
    /// minimum, long enough for a TCP connection to come up to speed.
    package static let seedingTurn = Interval.seconds(60)

    private let slots: Int
    private var optimistic: Int?
    private var optimisticUntil = Timestamp.zero

    /// With this many slots, the optimistic one included.
    package init(slots: Int) { self.slots = max(1, slots) }

    /// Whether a peer that becomes interested may be unchoked at once.
    package func hasFreeSlot(unchoked: Int) -> Bool { unchoked < slots }

    /// The numbers of the candidates that are to be unchoked now; all others are to be choked.
    ///
    /// While we download, those that send us most come first, and who snubs us gets nothing but
    /// the optimistic slot. While we only upload, everybody has a turn, the fastest first.
    package mutating func rechoke(
        _ candidates: [Candidate], isSeeding: Bool, now: Timestamp,
        random: inout some RandomNumberGenerator
    ) -> Set<Int> {
        let interested = candidates.filter(\.isInterested)
        guard interested.count > slots else { return Set(interested.map(\.number)) }
        let ranked = interested.sorted {
            isSeeding ? isBefore($0, $1, now: now) : isBetter($0, $1)
        }
        var chosen = Set(
            ranked.lazy.filter { isSeeding || !$0.isSnubbed }.prefix(slots - 1).map(\.number))
        let others = interested.filter { !chosen.contains($0.number) }
        if optimisticUntil <= now || !others.contains(where: { $0.number == optimistic }) {
            // Who has waited longest; among equals at random, so that no order of arrival wins.
            let waiting = others.filter { !$0.isUnchoked }
            let pool = waiting.isEmpty ? others : waiting
            let longest = pool.map(\.since).min() ?? now
            optimistic = pool.filter { $0.since == longest }.randomElement(using: &random)?.number
            optimisticUntil = now + Self.optimisticInterval
        }
        if let optimistic { chosen.insert(optimistic) }
        for candidate in ranked where chosen.count < slots { chosen.insert(candidate.number) }
        return chosen
    }

    private func isBetter(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.downloadRate != right.downloadRate {
            return left.downloadRate > right.downloadRate
        }
        return left.number < right.number
    }

    private func isBefore(_ left: Candidate, _ right: Candidate, now: Timestamp) -> Bool {
        let leftKeeps = left.isUnchoked && now - left.since < Self.seedingTurn
        let rightKeeps = right.isUnchoked && now - right.since < Self.seedingTurn
        if leftKeeps != rightKeeps { return leftKeeps }
        if leftKeeps, left.uploadRate != right.uploadRate {
            return left.uploadRate > right.uploadRate
        }
        if left.isUnchoked != right.isUnchoked { return right.isUnchoked }
        if left.since != right.since { return left.since < right.since }
        return left.number < right.number
    }
}
