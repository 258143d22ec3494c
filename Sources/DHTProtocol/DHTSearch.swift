import TorrentCore

/// A torrent whose peers are looked for again and again, in each DHT.
struct DHTSearch {
    /// Between lookups that have found somebody, and between announces: half of what others keep them
    /// for (BEP 5 leaves it open; libtorrent does the same).
    static let interval = Interval.seconds(15 * 60)
    /// After the first lookup that found nobody; doubled with each further one, up to `interval`. Short
    /// at first, since somebody waits for the torrent to be mounted.
    static let firstRetry = Interval.seconds(5)
    /// A lookup that is asked for out of turn begins no earlier after the last one.
    static let hurryInterval = Interval.seconds(30)

    struct State {
        var due: Timestamp
        var lookup: DHTLookupID?
        var lastStart: Timestamp?
        var emptyLookups = 0
        /// Whether the last lookup ended before it had asked as many nodes as there ought to be.
        var wasStarved = false
    }

    var announce: DHTAnnounce?
    var states: [AddressFamily: State] = [:]

    mutating func ended(
        _ family: AddressFamily, peers: Int, answers: Int, now: Timestamp
    ) {
        guard var state = states[family] else { return }
        state.lookup = nil
        state.wasStarved = answers < Lookup.width
        state.emptyLookups = peers == 0 ? state.emptyLookups + 1 : 0
        var wait = Self.interval
        if peers == 0 {
            wait = min(wait, Self.firstRetry * (1 << Int64(min(state.emptyLookups - 1, 10))))
        }
        state.due = now + wait
        states[family] = state
    }
}
