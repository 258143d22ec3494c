import TorrentCore

/// The items that others have put with us (BEP 44).
struct ItemStore {
    /// Owners put their items again each hour (BEP 44).
    static let lifetime = Interval.seconds(2 * 60 * 60)
    /// Items that are kept, of at most a kilobyte each.
    static let capacity = 1000
    /// Items of one address: what it could push out of others is bounded.
    static let itemsPerAddress = 20

    private struct Entry {
        var item: DHTItem
        var expiry: Timestamp
        let source: AddressKey
    }

    private var entries: [NodeID: Entry] = [:]

    var count: Int { entries.count }

    /// What is kept under a place.
    func item(at target: NodeID, now: Timestamp) -> DHTItem? {
        guard let entry = entries[target], entry.expiry > now else { return nil }
        return entry.item
    }

    /// Keeps an item, whose signature has been checked, under its own place. Throws what the owner is
    /// to be told.
    mutating func put(
        _ item: DHTItem, at target: NodeID, expected: Int64?, from source: Endpoint, now: Timestamp
    ) throws(KRPCError) {
        let expiry = now + Self.lifetime
        if let old = self.item(at: target, now: now) {
            if case (.mutable(let new), .mutable(let known)) = (item, old) {
                if let expected, expected != known.sequence { throw .sequenceMismatch }
                guard
                    new.sequence > known.sequence
                        || new.sequence == known.sequence && new.value == known.value
                else { throw .outdated }
            }
            entries[target]?.item = item
            entries[target]?.expiry = expiry
            return
        }
        let key = AddressKey(source)
        let own = entries.filter { $1.source == key }
        if own.count >= Self.itemsPerAddress {
            drop(from: own)
        } else if entries.count >= Self.capacity {
            drop(from: entries)
        }
        entries[target] = Entry(item: item, expiry: expiry, source: key)
    }

    /// Lets go of items that have not been put again.
    mutating func expire(now: Timestamp) { entries = entries.filter { $1.expiry > now } }

    private mutating func drop(from some: [NodeID: Entry]) {
        guard let oldest = some.min(by: { $0.value.expiry < $1.value.expiry }) else { return }
        entries[oldest.key] = nil
    }
}
