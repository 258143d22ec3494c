import TorrentCore

extension TorrentStateMachine {
    /// Bytes of blocks that peers have been asked for and may still send. Linear in the number of
    /// peers.
    package var outstandingBytes: Int {
        peers.reduce(0) {
            $1.isConnected ? $0 + $1.queue.liveCount * BlockRequest.standardLength : $0
        }
    }

    /// Bounds the bytes that are asked for from now on, to be said before each `takeActions`: `bytes`
    /// in all, of which the last `reserve` are kept for what reads wait for. Without this, there is
    /// no bound.
    package mutating func allowDownload(_ bytes: Int, reserve: Int) {
        downloadAllowance = bytes
        urgentReserve = reserve
        guard let floor = heldBackAbove, bytes > floor else { return }
        heldBackAbove = nil
        needsSchedule = true
    }

    /// How many of so many blocks may be asked for in one run of a web seed: its requests cost more
    /// than a peer's, so that a short run is made, and paid off later, rather than a tiny one.
    mutating func mayFetch(_ blocks: Int, isUrgent: Bool) -> Int {
        guard downloadAllowance != .max, blocks > 0 else { return blocks }
        guard mayRequest(isUrgent: isUrgent) else { return 0 }
        let floor = isUrgent ? 0 : urgentReserve
        let allowed = max(
            Self.smallestUrgentRun, (downloadAllowance - floor) / BlockRequest.standardLength)
        if allowed < blocks { heldBackAbove = min(heldBackAbove ?? floor, floor) }
        return min(allowed, blocks)
    }

    /// Whether a block may be asked for; remembers where it may not.
    mutating func mayRequest(isUrgent: Bool) -> Bool {
        let floor = isUrgent ? 0 : urgentReserve
        guard downloadAllowance <= floor else { return true }
        heldBackAbove = min(heldBackAbove ?? floor, floor)
        return false
    }
}
