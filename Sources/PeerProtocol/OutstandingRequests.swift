import TorrentCore

/// The requests that we sent to one peer and that it may yet answer.
///
/// A request that was cancelled, or voided by a choke, stays: its block may be on the way, and is
/// no offence. An entry takes no allocation once the table has grown to the peer's window.
struct OutstandingRequests: Sendable {
    /// What a reject means.
    enum Rejection {
        /// Nothing like it was requested.
        case unknown
        /// The block was requested again since, and that request is still to be answered.
        case another
        /// The request will not be answered.
        case final
    }

    private struct Entry {
        let length: Int32
        /// Counts requests; tells how long ago this one was made.
        var number: UInt32
        /// How many answers may come: the block was cancelled and requested again in between.
        var answers: Int32 = 1
        var isLive = true
    }

    /// Void entries are swept out at this size: four windows of 500...
    private static let sweepSize = 2048
    /// ...but for those among the last so many requests, two windows: what was taken back just now
    /// may well be on its way, and some peers answer no cancel, so that the table fills again and
    /// again.
    private static let keptRequests: UInt32 = 1024

    private var requestCount: UInt32 = 0
    private var entries: [UInt64: Entry] = [:]
    private var sweepSize = Self.sweepSize
    /// How many requests are neither answered nor cancelled nor void.
    private(set) var liveCount = 0

    mutating func requested(_ request: BlockRequest) {
        requestCount &+= 1
        if entries.count >= sweepSize {
            entries = entries.filter {
                $0.value.isLive || requestCount &- $0.value.number <= Self.keptRequests
            }
            sweepSize = max(Self.sweepSize, entries.count * 2)
        }
        let key = Self.key(request)
        if var entry = entries[key], entry.length == request.length {
            if !entry.isLive { liveCount += 1 }
            entry.isLive = true
            entry.number = requestCount
            entry.answers = min(entry.answers, 1000) + 1
            entries[key] = entry
        } else {
            liveCount += 1
            entries[key] = Entry(length: request.length, number: requestCount)
        }
    }

    /// Whether there is something to cancel.
    mutating func cancelled(_ request: BlockRequest) -> Bool {
        guard let entry = entries[Self.key(request)], entry.isLive,
            entry.length == request.length
        else { return false }
        entries[Self.key(request)]?.isLive = false
        liveCount -= 1
        return true
    }

    /// Takes note of a block; whether it was requested.
    mutating func answered(_ request: BlockRequest) -> Bool {
        let key = Self.key(request)
        guard let entry = entries[key], entry.length == request.length else { return false }
        if entry.isLive { liveCount -= 1 }
        if entry.answers > 1 {
            entries[key]?.answers -= 1
            entries[key]?.isLive = false
        } else {
            entries.removeValue(forKey: key)
        }
        return true
    }

    /// Takes note of a reject.
    mutating func rejected(_ request: BlockRequest) -> Rejection {
        let key = Self.key(request)
        guard let entry = entries[key], entry.length == request.length else { return .unknown }
        if entry.answers > 1 {
            entries[key]?.answers -= 1
            return .another
        }
        if entry.isLive { liveCount -= 1 }
        entries.removeValue(forKey: key)
        return .final
    }

    /// The request for the block at a place, of whatever length.
    func request(at place: BlockRequest) -> BlockRequest? {
        entries[Self.key(place)].map {
            BlockRequest(piece: place.piece, begin: Int(place.begin), length: Int($0.length))
        }
    }

    /// A choke without the fast extension voids all requests (BEP 3).
    mutating func choked() {
        entries = entries.mapValues { entry in
            var void = entry
            void.isLive = false
            return void
        }
        liveCount = 0
    }

    private static func key(_ request: BlockRequest) -> UInt64 {
        UInt64(UInt32(bitPattern: request.piece.rawValue)) << 32
            | UInt64(UInt32(bitPattern: request.begin))
    }
}
