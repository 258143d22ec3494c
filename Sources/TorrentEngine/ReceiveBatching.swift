import TorrentCore

/// How much of a fast stream is to arrive before the loop is woken for it.
///
/// A sender on the same machine or a fast network sends a few blocks a system call. Taken one by
/// one, each costs a wake-up of ours and a packet of requests, which wakes the sender in turn. Where
/// much more is on its way anyway, it is taken in larger portions. Only for the time of a
/// millisecond: a block that a read waits for is not to be held up, and slower peers never are.
struct ReceiveBatching {
    /// Never more at once: far less than the kernel's receive buffer grows to (6 MiB), so that the
    /// sender need not stop.
    private static let largest = 256 * 1024
    /// Less is not worth a system call; a peer needs 64 MB/s to get here.
    private static let smallest = 64 * 1024
    /// Portions that arrive in this time.
    private static let delay = Interval.milliseconds(1)
    /// A rate is measured over this time at least, which is some wake-ups of a fast peer.
    private static let sampleTime = Interval.milliseconds(5)
    /// Portions that must be on their way: the last ones come in smaller ones.
    private static let portionsAhead = 4

    /// How many bytes the socket is to have before the loop is woken.
    private(set) var lowWater = 1
    private var sampleBytes = 0
    private var sampleStart = Timestamp.zero
    private var bytesPerDelay = 0

    /// `count` bytes were taken from the socket, and `outstanding` more were asked for; whether
    /// `lowWater` has changed. Constant time.
    mutating func received(_ count: Int, outstanding: Int, now: Timestamp) -> Bool {
        sampleBytes += count
        let elapsed = now - sampleStart
        if elapsed >= Self.sampleTime {
            let share = Double(Self.delay.nanoseconds) / Double(elapsed.nanoseconds)
            bytesPerDelay = Int(Double(sampleBytes) * share)
            sampleStart = now
            sampleBytes = 0
        }
        var wanted = min(bytesPerDelay, outstanding / Self.portionsAhead, Self.largest)
        // In steps of two, so that it rarely changes.
        wanted = wanted < Self.smallest ? 1 : 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
        defer { lowWater = wanted }
        return wanted != lowWater
    }

    /// Nothing has come for a while: what there is must be taken. Whether `lowWater` has changed.
    mutating func fellSilent() -> Bool {
        bytesPerDelay = 0
        sampleBytes = 0
        defer { lowWater = 1 }
        return lowWater != 1
    }
}
