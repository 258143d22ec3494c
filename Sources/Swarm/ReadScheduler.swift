package import TorrentCore

/// Who wants which pieces, and in what order: waiting reads by arrival (earliest deadline first,
/// since all reads have the same patience), then readahead windows in turns, then those of background
/// streams.
///
/// Costs follow the pieces of a read or the change of a window, never the torrent's size.
package struct ReadScheduler: Sendable {
    /// Blocks that one stream gets before the next has its turn: one MiB, long enough to finish
    /// small pieces, short enough that two streams advance together.
    static let turn = 64

    private struct Read {
        let pieces: Range<PieceIndex>
        /// The part of the payload that it needs; nil for all of the pieces.
        let bytes: Range<Int64>?
    }

    /// Reads of one piece whose parts are told apart; with more, all of it is needed.
    private static let partLimit = 64

    private var reads: [ReadKey: Read] = [:]
    /// What reads need of the pieces that they wait for; nil for all of one.
    private var parts: [PieceIndex: [Range<Int64>?]] = [:]
    /// How many reads wait for each piece.
    private var readers: [PieceIndex: Int] = [:]
    /// The pieces that reads wait for, earliest read first.
    package private(set) var urgent: [PieceIndex] = []
    /// Readers' windows, and behind them those of background streams.
    var streams: [ReadaheadStream] = []
    private var streamNumbers: [StreamKey: Int] = [:]
    /// How many of them are readers'.
    private var readerCount = 0
    /// Where streams were that ended last: the end of a file is read when nothing is left to read
    /// ahead.
    private var ended: [Range<PieceIndex>] = []
    /// How many of those are remembered.
    private static let endedLimit = 8
    /// The stream whose turn it is, among readers' and among background ones.
    private var turns = (reader: 0, background: 0)

    /// Nobody wants anything.
    package init() {}

    /// How many reads wait.
    package var readCount: Int { reads.count }

    /// Whether anybody wants anything.
    package var hasDemand: Bool { !reads.isEmpty || !streams.isEmpty }

    /// The longest readahead window, in pieces. Linear in the number of streams.
    var longestWindow: Int { streams.reduce(0) { max($0, $1.window.count) } }

    /// Whether the piece is in what a reader reads in order, or close before. Linear in the number
    /// of streams.
    func isNearStream(_ piece: PieceIndex, within distance: Int) -> Bool {
        // The pieces before a window count as well: those that are there are left out of it.
        let isNear = { (start: PieceIndex, end: PieceIndex) in
            piece.value >= start.value - distance && piece < end
        }
        return streams.contains { isNear($0.start, $0.window.upperBound) }
            || ended.contains { isNear($0.lowerBound, $0.upperBound) }
    }

    /// Whether a read waits for the piece.
    package func isUrgent(_ piece: PieceIndex) -> Bool { readers[piece] != nil }

    /// Whether a readahead window covers the piece. Linear in the number of streams.
    package func isAhead(_ piece: PieceIndex) -> Bool {
        streams.contains { $0.window.contains(piece) }
    }

    /// Whether anybody wants the piece.
    package func isWanted(_ piece: PieceIndex) -> Bool { isUrgent(piece) || isAhead(piece) }

    /// A read waits for those of `pieces` that `have` lacks. Returns the pieces that nobody waited
    /// for before.
    package mutating func readArrived(
        _ read: ReadKey, pieces: Range<PieceIndex>, bytes: Range<Int64>? = nil,
        have: borrowing Bitfield
    ) -> [PieceIndex] {
        _ = readEnded(read)
        reads[read] = Read(pieces: pieces, bytes: bytes)
        var added: [PieceIndex] = []
        var next = pieces.lowerBound
        while let piece = have.first(in: next..<pieces.upperBound, isSet: false) {
            if addReader(of: piece) { added.append(piece) }
            addPart(bytes, of: piece)
            next = piece.advanced(by: 1)
        }
        return added
    }

    /// A read waits no longer. Returns the pieces that now nobody waits for.
    package mutating func readEnded(_ read: ReadKey) -> [PieceIndex] {
        guard let pieces = reads.removeValue(forKey: read)?.pieces else { return [] }
        var left: [PieceIndex] = []
        for piece in pieces {
            guard let count = readers[piece] else { continue }
            if count > 1 {
                readers[piece] = count - 1
            } else {
                removeUrgent(piece)
                left.append(piece)
            }
        }
        return left
    }

    /// A piece verified: nobody waits for it any more.
    package mutating func pieceArrived(_ piece: PieceIndex) {
        if readers[piece] != nil { removeUrgent(piece) }
    }

    /// A piece is here no more. Returns whether a read waits for it (that needs other pieces too).
    package mutating func pieceLost(_ piece: PieceIndex) -> Bool {
        let waiting = reads.values.filter { $0.pieces.contains(piece) }
        let count = waiting.count
        for index in streams.indices where streams[index].window.contains(piece) {
            streams[index].cursor = min(streams[index].cursor, piece)
        }
        guard count > 0 else { return false }
        for read in waiting {
            _ = addReader(of: piece)
            addPart(read.bytes, of: piece)
        }
        return true
    }

    /// Replaces a stream's window. Returns what the window covered before and covers no more, as
    /// at most two ranges.
    package mutating func setWindow(
        _ stream: StreamKey, _ window: Range<PieceIndex>
    ) -> [Range<PieceIndex>] {
        guard let index = streamNumbers[stream] else {
            if !window.isEmpty {
                insert(
                    ReadaheadStream(
                        key: stream, window: window, start: window.lowerBound,
                        cursor: window.lowerBound))
            }
            return []
        }
        let old = streams[index].window
        if window.isEmpty {
            if ended.count == Self.endedLimit { ended.removeFirst() }
            ended.append(streams[index].start..<old.upperBound)
            remove(at: index)
            return [old]
        }
        streams[index].window = window
        if window.lowerBound < streams[index].start || window.lowerBound > old.upperBound {
            streams[index].start = window.lowerBound
        }
        let cursor = streams[index].cursor
        if window.lowerBound < old.lowerBound || !window.contains(cursor) {
            // Moving on keeps the cursor; anything else looks from the start again.
            let movesOn = window.lowerBound >= old.lowerBound && cursor == window.upperBound
            streams[index].cursor = movesOn ? cursor : window.lowerBound
        }
        let clipped = window.clamped(to: old)
        guard !clipped.isEmpty else { return [old] }
        return [
            old.lowerBound..<clipped.lowerBound, clipped.upperBound..<old.upperBound,
        ].filter { !$0.isEmpty }
    }

    /// A block of the piece is to be requested again: windows look at it again.
    mutating func revisit(_ piece: PieceIndex) {
        for index in streams.indices
        where streams[index].cursor > piece && streams[index].window.contains(piece) {
            streams[index].cursor = piece
        }
    }

    /// The streams' turns: the position in `streams` to try after `tried` others had nothing, or
    /// nil when all were tried. Background streams come after all readers'.
    mutating func nextStream(tried: Int) -> Int? {
        guard tried < streams.count else { return nil }
        if tried < readerCount {
            turns.reader = turn(turns.reader, in: 0..<readerCount, isNext: tried > 0)
            return turns.reader
        }
        turns.background = turn(
            turns.background, in: readerCount..<streams.count, isNext: tried > readerCount)
        return turns.background
    }

    /// The position whose turn it is: the one that had it, or the next where it has had enough.
    private mutating func turn(_ position: Int, in range: Range<Int>, isNext: Bool) -> Int {
        let current = range.contains(position) ? position : range.lowerBound
        guard isNext || streams[current].credit <= 0 else { return current }
        let next = current + 1 < range.upperBound ? current + 1 : range.lowerBound
        streams[next].credit = Self.turn
        return next
    }

    private mutating func insert(_ stream: ReadaheadStream) {
        let index = stream.key.isBackground ? streams.count : readerCount
        if !stream.key.isBackground {
            readerCount += 1
            if turns.background >= index { turns.background += 1 }
        }
        streams.insert(stream, at: index)
        renumber(from: index)
    }

    private mutating func remove(at index: Int) {
        streamNumbers[streams[index].key] = nil
        streams.remove(at: index)
        if index < readerCount {
            readerCount -= 1
            if turns.reader > index { turns.reader -= 1 }
        }
        if turns.background > index { turns.background -= 1 }
        renumber(from: index)
    }

    private mutating func renumber(from index: Int) {
        for later in index..<streams.count { streamNumbers[streams[later].key] = later }
    }

    /// The parts of the payload that reads which wait for the piece need of it and others; nil for
    /// all of it.
    func bytes(of piece: PieceIndex) -> [Range<Int64>?] { parts[piece] ?? [] }

    private mutating func addPart(_ bytes: Range<Int64>?, of piece: PieceIndex) {
        let count = parts[piece]?.count ?? 0
        guard count <= Self.partLimit else { return }
        parts[piece, default: []].append(count < Self.partLimit ? bytes : nil)
    }

    private mutating func addReader(of piece: PieceIndex) -> Bool {
        let count = readers[piece] ?? 0
        readers[piece] = count + 1
        if count == 0 { urgent.append(piece) }
        return count == 0
    }

    private mutating func removeUrgent(_ piece: PieceIndex) {
        readers[piece] = nil
        parts[piece] = nil
        if let index = urgent.firstIndex(of: piece) { urgent.remove(at: index) }
    }
}
