import Glibc
import Metainfo
import Reactor
import Synchronization
package import TorrentCore

/// Fetching ahead of any reader.
extension PieceStore {
    /// What is asked of the source at a time: enough for the fastest network between two looks, and
    /// little enough that readers find memory.
    private static let windowBytes = 64 << 20
    /// Or so many separate pieces of the range, one stream each.
    private static let streamLimit = 16
    /// Between two looks.
    private static let interval: UInt32 = 20_000
    /// How long what has come may take to be written.
    private static let writeLimit = Interval.seconds(60)

    /// Fetches what is missing of these pieces (ascending ranges), behind all readers, and returns
    /// when all of them are cached. `progress` gets bytes. Blocks: for a thread of its own.
    /// `patience` is how long it may take until something comes.
    package func prefetch(
        _ ranges: [Range<PieceIndex>], patience: Interval,
        progress: (_ done: Int64, _ total: Int64) -> Void, isCancelled: () -> Bool
    ) throws(PrefetchFailure) {
        let total = ranges.reduce(Int64(0)) { $0 + bytes(of: $1) }
        let streams = (0..<Self.streamLimit).map { _ in
            StreamID.background(prefetches.add(1, ordering: .relaxed).newValue)
        }
        var announced = [Range<PieceIndex>](repeating: Self.nothing, count: streams.count)
        defer {
            for (stream, window) in zip(streams, announced) where !window.isEmpty {
                readahead(stream, pieces: Self.nothing)
            }
        }
        var rest = ranges[...]
        var before: Int64 = 0
        var last: (done: Int64, time: Timestamp) = (-1, .now())
        while true {
            while let first = rest.first {
                let missing = firstMissing(in: first) ?? first.upperBound
                before += bytes(of: first.lowerBound..<missing)
                guard missing == first.upperBound else {
                    rest[rest.startIndex] = missing..<first.upperBound
                    break
                }
                rest = rest.dropFirst()
            }
            let (windows, ahead) = windows(of: rest)
            let done = before + ahead
            progress(done, total)
            guard !windows.isEmpty else { break }
            if done != last.done { last = (done, .now()) }
            if isCancelled() { throw .cancelled }
            if isOffline, !isAllHere(windows) { throw .offline }
            if patience < .now() - last.time { throw .stalled }
            for index in streams.indices {
                let window = index < windows.count ? windows[index] : Self.nothing
                guard window != announced[index] else { continue }
                announced[index] = window
                readahead(streams[index], pieces: window)
            }
            usleep(Self.interval)
        }
        try awaitWriting(of: ranges)
    }

    private static let nothing = PieceIndex(0)..<PieceIndex(0)

    private func awaitWriting(of ranges: [Range<PieceIndex>]) throws(PrefetchFailure) {
        flush(until: .now() + Self.writeLimit)
        let left = state.withLock { state in
            ranges.reduce(Int64(0)) { sum, range in
                range.reduce(sum) {
                    state.cached[$1] ? $0 : $0 + Int64(geometry.length(of: $1))
                }
            }
        }
        guard left == 0 else { throw .notKept(left) }
    }

    private func firstMissing(in range: Range<PieceIndex>) -> PieceIndex? {
        state.withLock { state in
            var next = range.lowerBound
            while let piece = state.cached.first(in: next..<range.upperBound, isSet: false) {
                guard state.has(piece) else { return piece }
                next = piece.advanced(by: 1)
            }
            return nil
        }
    }

    /// The next runs of missing pieces, a window's worth together, and the bytes that are there
    /// between them.
    private func windows(
        of ranges: ArraySlice<Range<PieceIndex>>
    ) -> (windows: [Range<PieceIndex>], ahead: Int64) {
        let limit = max(Self.windowBytes, 4 * geometry.pieceLength)
        return state.withLock { state in
            var windows: [Range<PieceIndex>] = []
            var missing = 0
            var ahead: Int64 = 0
            for range in ranges {
                for piece in range {
                    guard missing < limit else { return (windows, ahead) }
                    let length = geometry.length(of: piece)
                    if state.has(piece) {
                        ahead += Int64(length)
                        continue
                    }
                    if let last = windows.last, last.upperBound == piece {
                        windows[windows.count - 1] = last.lowerBound..<piece.advanced(by: 1)
                    } else {
                        guard windows.count < Self.streamLimit else { return (windows, ahead) }
                        windows.append(piece..<piece.advanced(by: 1))
                    }
                    missing += length
                }
            }
            return (windows, ahead)
        }
    }

    private func isAllHere(_ windows: [Range<PieceIndex>]) -> Bool {
        state.withLock { state in
            windows.allSatisfy { $0.allSatisfy { state.has($0) || state.isUnsettled($0) } }
        }
    }

    private func bytes(of pieces: Range<PieceIndex>) -> Int64 {
        guard let last = pieces.last else { return 0 }
        return Int64(pieces.count - 1) * Int64(geometry.pieceLength)
            + Int64(geometry.length(of: last))
    }
}
