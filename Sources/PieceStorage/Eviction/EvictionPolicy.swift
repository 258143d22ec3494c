import TorrentCore

/// When to evict, how much, and what: a pure value.
struct EvictionPolicy: Equatable, Sendable {
    /// A piece that may be evicted.
    struct Candidate: Equatable, Sendable {
        let piece: PieceIndex
        let lastUse: UseTime
        /// Bytes that evicting it gives, in whole blocks as far as known.
        let bytes: Int64
    }

    /// How things are.
    struct Usage: Equatable, Sendable {
        /// What counts against the size limit: bytes on disk and those promised to writers.
        var committed: Int64 = 0
        /// Bytes of the disk, and those that are free.
        var diskCapacity: Int64 = 0
        var diskFree: Int64 = 0
    }

    let limits: CacheLimits

    /// Below this a limit has nothing to spare.
    private static let smallLimit: Int64 = 64 << 20
    /// The share of the margin at which eviction begins ahead of writers. A round costs a transaction,
    /// and some milliseconds in which nobody can write to the file, whatever it frees: few large ones
    /// cost least. What is left is written in the time that a round takes.
    private static let dueShare = 0.25

    /// Hysteresis: eviction goes on to so much below a limit of `limit` bytes. A twentieth is
    /// seldom missed, and 64 MiB are worth a round; beyond 4 GiB one takes too long. Less where the
    /// limit is small.
    static func margin(_ limit: Int64) -> Int64 {
        min(
            limit < smallLimit ? limit / 8 : limit / 4,
            max(64 << 20, min(limit / 20, 4 << 30)))
    }

    /// How much a torrent reserves ahead at a time, so that a transaction a second is enough; little
    /// enough that a few torrents do not use up the margin.
    var reservationStep: Int64 {
        guard let size = limits.size else { return 0 }
        return max(256 << 10, min(64 << 20, Self.margin(size) / 8))
    }

    /// Bytes that are too many for another `wanted` to fit; zero or less where they do.
    func excess(_ usage: Usage, wanted: Int64) -> Int64 {
        max(sizeExcess(usage) ?? .min / 2, freeExcess(usage) ?? .min / 2) + wanted
    }

    /// Whether `bytes` may be written as far as the disk's free space goes.
    func hasFreeSpace(_ usage: Usage, for bytes: Int64) -> Bool {
        (freeExcess(usage) ?? .min / 2) + bytes <= 0
    }

    /// Whether eviction should begin, ahead of anybody waiting for it.
    func isDue(_ usage: Usage) -> Bool { bytesToEvict(usage, wanted: 0, margin: Self.dueShare) > 0 }

    /// Bytes to evict so that `wanted` fit and the margin is there again; zero or less for none.
    func bytesToEvict(_ usage: Usage, wanted: Int64) -> Int64 {
        bytesToEvict(usage, wanted: wanted, margin: 1)
    }

    private func bytesToEvict(_ usage: Usage, wanted: Int64, margin: Double) -> Int64 {
        var bytes = Int64.min / 2
        if let excess = sizeExcess(usage), let size = limits.size {
            bytes = excess + Int64(Double(Self.margin(size)) * margin)
        }
        if let excess = freeExcess(usage) {
            // What the cache may take here is what it takes and what is left to it.
            let allowance = max(0, usage.committed - excess)
            bytes = max(bytes, excess + Int64(Double(Self.margin(allowance)) * margin))
        }
        return bytes + wanted
    }

    private func sizeExcess(_ usage: Usage) -> Int64? {
        limits.size.map { usage.committed - $0 }
    }

    private func freeExcess(_ usage: Usage) -> Int64? {
        let kept = limits.bytesKeptFree(of: usage.diskCapacity)
        return kept > 0 ? kept - usage.diskFree : nil
    }

    /// Those least recently used over all lists (a torrent each) that give `bytes` together, or all;
    /// for each list, in its order. Linear, and a sort of the distinct times.
    static func choose(_ lists: [[Candidate]], bytes: Int64) -> [[Candidate]] {
        var sums: [UseTime: Int64] = [:]
        for list in lists {
            for candidate in list { sums[candidate.lastUse, default: 0] += candidate.bytes }
        }
        var missing = bytes
        var last = UseTime.never
        // What of the last time is to be taken.
        var rest: Int64 = 0
        for (time, sum) in sums.sorted(by: { $0.key < $1.key }) where missing > 0 {
            last = time
            rest = missing
            missing -= sum
        }
        guard bytes > 0 else { return lists.map { _ in [] } }
        return lists.map { list in
            list.filter { candidate in
                if candidate.lastUse < last { return true }
                guard candidate.lastUse == last, rest > 0 else { return false }
                rest -= candidate.bytes
                return true
            }
        }
    }
}
