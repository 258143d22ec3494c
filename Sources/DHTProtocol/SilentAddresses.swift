import TorrentCore

/// Addresses that did not answer: others who name them again, in error or to have us flood them, are
/// not believed for a while.
struct SilentAddresses {
    /// How long.
    static let restTime = Interval.seconds(3 * 60)
    /// After so many questions without any answer: one may be lost.
    static let failureLimit = 2
    private static let capacity = 2048

    private var entries: [AddressKey: (failures: Int, last: Timestamp)] = [:]

    mutating func timedOut(_ endpoint: Endpoint, now: Timestamp) {
        let key = AddressKey(endpoint)
        if entries.count >= Self.capacity, entries[key] == nil {
            expire(now: now)
            while entries.count >= Self.capacity, let some = entries.keys.first {
                entries[some] = nil
            }
        }
        entries[key, default: (0, now)].failures += 1
        entries[key]?.last = now
    }

    mutating func answered(_ endpoint: Endpoint) {
        if !entries.isEmpty { entries[AddressKey(endpoint)] = nil }
    }

    func rests(_ endpoint: Endpoint, now: Timestamp) -> Bool {
        guard let entry = entries[AddressKey(endpoint)] else { return false }
        return entry.failures >= Self.failureLimit && now - entry.last < Self.restTime
    }

    mutating func expire(now: Timestamp) {
        entries = entries.filter { now - $1.last < Self.restTime }
    }
}
