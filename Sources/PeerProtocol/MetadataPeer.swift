import TorrentCore

/// A peer that serves metadata, as a metadata download sees it.
struct MetadataPeer: Sendable {
    /// The owner's number of the peer.
    let number: UInt32
    /// The size that this peer claims.
    let size: Int
    var inFlight: [(piece: Int, sent: Timestamp)] = []
    private(set) var window = MetadataDownload.firstWindow
    /// Nothing is asked of it before.
    private(set) var restsUntil = Timestamp(nanoseconds: .min)
    /// Failures in a row.
    private(set) var failures = 0

    init(number: UInt32, size: Int) {
        self.number = number
        self.size = size
    }

    func isIdle(now: Timestamp) -> Bool { inFlight.count < window && now >= restsUntil }

    /// Forgets what was asked, and asks nothing for a while.
    mutating func rest(now: Timestamp) {
        inFlight = []
        restsUntil = max(restsUntil, now + MetadataDownload.firstRest)
    }

    mutating func succeeded(_ piece: Int) {
        inFlight.removeAll { $0.piece == piece }
        window = min(window + 1, MetadataDownload.largestWindow)
        failures = 0
    }

    mutating func failed(_ pieces: [Int], now: Timestamp) {
        inFlight.removeAll { pieces.contains($0.piece) }
        let rest = MetadataDownload.firstRest * Int64(1 << min(failures, 5))
        restsUntil = max(restsUntil, now + min(rest, MetadataDownload.longestRest))
        failures += 1
        window = MetadataDownload.firstWindow
    }
}
