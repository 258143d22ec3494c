import TorrentCore

/// How much each address may send (BEP 5 knows no limit, and anybody can write any sender).
struct AddressLimits {
    /// Datagrams a second from one address: ten times what a busy node asks another.
    static let rate = 10.0
    /// At once: a lookup of many torrents behind one address translation.
    static let burst = 50.0
    /// An address that has used up its burst is deaf to us for this long: answering some of a flood
    /// helps nobody.
    static let banTime = Interval.seconds(5 * 60)
    /// Addresses that are remembered. A flood from more than that, which is only had by writing false
    /// senders, meets the limit of all answers.
    private static let capacity = 4096

    private struct Entry {
        var bucket: TokenBucket
        var bannedUntil = Timestamp.zero
    }

    private var entries: [AddressKey: Entry] = [:]

    /// Whether a datagram may be looked at.
    mutating func admits(_ endpoint: Endpoint, now: Timestamp) -> Bool {
        let key = AddressKey(endpoint)
        if entries.count >= Self.capacity, entries[key] == nil { makeRoom(now: now) }
        var entry =
            entries[key]
            ?? Entry(bucket: TokenBucket(rate: Self.rate, burst: Self.burst, now: now))
        defer { entries[key] = entry }
        guard entry.bannedUntil <= now else { return false }
        if entry.bucket.take(now: now) { return true }
        entry.bannedUntil = now + Self.banTime
        return false
    }

    /// Forgets those that have been silent long enough to have their whole burst again.
    mutating func expire(now: Timestamp) {
        let silence = Interval.seconds(Self.burst / Self.rate)
        entries = entries.filter { $1.bannedUntil > now || now - $1.bucket.updated < silence }
    }

    /// For many at once: in such a flood each datagram has another sender, and a look at all entries
    /// for each would cost far more than answering does.
    private mutating func makeRoom(now: Timestamp) {
        expire(now: now)
        let surplus = entries.count - Self.capacity / 4 * 3
        // All are fresh: any of them, as a dictionary's order goes.
        for key in Array(entries.keys.prefix(max(0, surplus))) { entries[key] = nil }
    }
}
