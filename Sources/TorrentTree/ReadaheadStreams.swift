package import TorrentCore

/// Recognises the sequential readers of one file, several at a time, and says what each will want.
///
/// A reader counts as sequential after `ReadaheadPolicy.confirmation` bytes; until then, and for
/// random reads, nothing is wanted beyond what is read. Its window starts at two pieces and doubles
/// each time a whole window has been consumed. Where an open file jumps elsewhere, the reader it
/// was loses its window at once; should it go on after all, it gets it back, and later jumps are
/// put down to another reader of the same open file.
package struct ReadaheadStreams: Sendable {
    private struct Stream {
        let number: UInt64
        let start: Int64
        /// The end of what has been read so far.
        var next: Int64
        /// Bytes read, as a check that a reader does not merely skip about near `next`.
        var covered: Int64
        /// What the first read came to; does not count for being sequential.
        let firstLength: Int64
        var window: Int64 = 0
        var consumed: Int64 = 0
        /// The piece boundaries of what was said to be wanted last.
        var announced: Range<Int64> = 0..<0
        var isConfirmed = false
        var isCollapsed = false
        var outlivesSeeks = false
        var handle: UInt64
        var lastUse: Timestamp
    }

    private let policy: ReadaheadPolicy
    private let fileLength: Int64
    private let pieceLength: Int64
    /// Where the file starts in its first piece.
    private let phase: Int64
    private var streams: [Stream] = []

    /// For a file of `fileLength` bytes that starts `phase` bytes into a piece of `pieceLength`.
    package init(
        fileLength: Int64, pieceLength: Int, phase: Int64, policy: ReadaheadPolicy = .standard
    ) {
        self.fileLength = fileLength
        self.pieceLength = Int64(max(1, pieceLength))
        self.phase = phase
        self.policy = policy
    }

    /// How many readers are told apart now.
    package var count: Int { streams.count }

    /// Takes note of a read through the open file `handle`; gives the windows that change by it,
    /// mostly none. `newNumber` gives each new reader its number. O(`streamLimit`).
    package mutating func observe(
        _ bytes: Range<Int64>, handle: UInt64, now: Timestamp, newNumber: () -> UInt64
    ) -> [ReadaheadWindow] {
        var changes: [ReadaheadWindow] = []
        if let position = streams.firstIndex(where: { isNear(bytes, $0) }) {
            advance(position, bytes, handle: handle, now: now, &changes)
            return changes
        }
        endIdle(now: now, &changes)
        collapse(handle: handle, &changes)
        if streams.count >= policy.streamLimit { endOldest(&changes) }
        streams.append(
            Stream(
                number: newNumber(), start: bytes.lowerBound, next: bytes.upperBound,
                covered: Int64(bytes.count), firstLength: Int64(bytes.count), handle: handle,
                lastUse: now))
        return changes
    }

    /// Ends all readers, as when the file is no longer open.
    package mutating func end() -> [ReadaheadWindow] {
        var changes: [ReadaheadWindow] = []
        for position in streams.indices { withdraw(position, &changes) }
        streams = []
        return changes
    }

    private func isNear(_ bytes: Range<Int64>, _ stream: Stream) -> Bool {
        let ahead = max(policy.slack, stream.window)
        return bytes.lowerBound >= stream.next - policy.slack - Int64(bytes.count)
            && bytes.lowerBound <= stream.next + ahead
    }

    private mutating func advance(
        _ position: Int, _ bytes: Range<Int64>, handle: UInt64, now: Timestamp,
        _ changes: inout [ReadaheadWindow]
    ) {
        var stream = streams[position]
        stream.lastUse = now
        stream.handle = handle
        stream.covered += Int64(bytes.count)
        if bytes.upperBound > stream.next {
            stream.consumed += bytes.upperBound - stream.next
            stream.next = bytes.upperBound
        }
        if stream.isCollapsed {
            stream.isCollapsed = false
            stream.outlivesSeeks = true
        }
        if !stream.isConfirmed {
            let run = stream.next - stream.start
            if run - stream.firstLength >= policy.confirmation, stream.covered >= run / 2 {
                stream.isConfirmed = true
                stream.window = max(policy.startPieces * pieceLength, policy.smallestWindow)
                stream.consumed = 0
            }
        } else if stream.consumed >= stream.window {
            let largest = max(policy.largestWindow, policy.startPieces * pieceLength)
            stream.window = min(stream.window * 2, max(largest, policy.smallestWindow))
            stream.consumed = 0
        }
        streams[position] = stream
        if stream.isConfirmed { announce(position, &changes) }
    }

    /// Says what is wanted from `next` on, in whole pieces, if that differs from what was said.
    private mutating func announce(_ position: Int, _ changes: inout [ReadaheadWindow]) {
        let next = streams[position].next
        var wanted: Range<Int64> = 0..<0
        if next < fileLength {
            let end = min(fileLength, next + streams[position].window)
            wanted = roundedDown(next)..<roundedUp(end)
        }
        guard wanted != streams[position].announced else { return }
        streams[position].announced = wanted
        changes.append(ReadaheadWindow(stream: streams[position].number, bytes: wanted))
    }

    private mutating func withdraw(_ position: Int, _ changes: inout [ReadaheadWindow]) {
        guard !streams[position].announced.isEmpty else { return }
        streams[position].announced = 0..<0
        changes.append(ReadaheadWindow(stream: streams[position].number, bytes: 0..<0))
    }

    /// A read elsewhere through the same open file: the reader that used it last has sought.
    private mutating func collapse(handle: UInt64, _ changes: inout [ReadaheadWindow]) {
        var last: Int?
        for (position, stream) in streams.enumerated() where stream.handle == handle {
            if let best = last, streams[best].lastUse > stream.lastUse { continue }
            last = position
        }
        guard let last, streams[last].isConfirmed, !streams[last].outlivesSeeks else { return }
        streams[last].isCollapsed = true
        withdraw(last, &changes)
    }

    private mutating func endIdle(now: Timestamp, _ changes: inout [ReadaheadWindow]) {
        for position in streams.indices.reversed()
        where policy.idleTime < now - streams[position].lastUse {
            withdraw(position, &changes)
            streams.remove(at: position)
        }
    }

    private mutating func endOldest(_ changes: inout [ReadaheadWindow]) {
        guard let oldest = streams.indices.min(by: { streams[$0].lastUse < streams[$1].lastUse })
        else { return }
        withdraw(oldest, &changes)
        streams.remove(at: oldest)
    }

    private func roundedDown(_ position: Int64) -> Int64 {
        max(0, position - (position + phase) % pieceLength)
    }

    private func roundedUp(_ position: Int64) -> Int64 {
        let rest = (position + phase) % pieceLength
        return rest == 0 ? position : min(fileLength, position - rest + pieceLength)
    }
}
