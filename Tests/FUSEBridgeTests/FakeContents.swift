import Glibc
import Metainfo
import PieceStorage
import Reactor
import TorrentCore
import TorrentTree

/// The storage of a torrent in memory, which holds pieces back until they are released.
final class FakeContents: FileReading {
    /// The content of every file repeats after this many bytes: a prime, so that a byte from the
    /// wrong offset shows.
    static let period = 1_048_583
    static let pattern: [UInt8] = {
        var random = SeededRandom(seed: 42)
        return (0..<period).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
    }()

    struct State {
        var cached: Bitfield
        var waits: [ReadID: (pieces: Range<PieceIndex>, completion: @Sendable () -> Void)] = [:]
        var nextID: UInt64 = 1
        var waited: [Range<PieceIndex>] = []
        var timeouts: [String] = []
        var windows: [StreamID: Range<PieceIndex>] = [:]
        var ended: Set<StreamID> = []
        var failure: Int32?
        var readCount = 0
        var retained: [FileIndex: Int] = [:]
    }

    let torrent: TreeTorrent
    /// Where complete files are as files; nil for in memory only.
    let folder: String?
    let state: Condition<State>

    init(_ torrent: TreeTorrent, isCached: Bool, folder: String? = nil) {
        self.torrent = torrent
        self.folder = folder
        var cached = Bitfield(count: torrent.pieceCount)
        if isCached { for piece in 0..<torrent.pieceCount { cached[PieceIndex(piece)] = true } }
        state = Condition(State(cached: cached))
    }

    /// Makes pieces available and completes the waits for them.
    func release(_ pieces: Range<PieceIndex>) {
        let ready = state.update { state in
            for piece in pieces { state.cached[piece] = true }
            let ready = state.waits.filter { wait in
                wait.value.pieces.allSatisfy { state.cached[$0] }
            }
            for id in ready.keys { state.waits[id] = nil }
            return ready.values.map(\.completion)
        }
        for completion in ready { completion() }
    }

    /// Makes everything available.
    func releaseAll() { release(PieceIndex(0)..<PieceIndex(torrent.pieceCount)) }

    /// Waits until `isTrue` of the state; false where it does not become so.
    func wait(until isTrue: (State) -> Bool) -> Bool {
        state.wait(until: TestMount.later) { isTrue($0) ? true : nil } ?? false
    }

    func read(
        _ file: FileIndex, offset: Int64, lendingOr buffer: UnsafeMutableRawBufferPointer,
        _ body: ([UnsafeRawBufferPointer]) -> Void
    ) -> ReadOutcome {
        let outcome = read(file, offset: offset, into: buffer)
        guard case .bytes(let count) = outcome, count > 0 else { return outcome }
        // Two parts, as at the border of two pieces.
        body([
            UnsafeRawBufferPointer(rebasing: buffer[..<(count / 2)]),
            UnsafeRawBufferPointer(rebasing: buffer[(count / 2)..<count]),
        ])
        return outcome
    }

    func read(
        _ file: FileIndex, offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) -> ReadOutcome {
        let length = torrent.layout.length(of: file)
        let count = Int(max(0, min(Int64(buffer.count), length - offset)))
        let pieces = torrent.layout.pieces(of: file, offset: offset, count: count)
        let (failure, missing) = state.update { state in
            state.readCount += 1
            return (state.failure, pieces.filter { !state.cached[$0] })
        }
        if let failure { return .failed(failure) }
        if let first = missing.first, let last = missing.last {
            return .missing(first..<last.advanced(by: 1))
        }
        var done = 0
        while done < count {
            let start = Int((offset + Int64(done)) % Int64(Self.period))
            let part = min(count - done, Self.period - start)
            Self.pattern.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + part]))
            }
            done += part
        }
        return .bytes(count)
    }

    func wait(
        for pieces: Range<PieceIndex>, completion: @escaping @Sendable () -> Void
    ) -> ReadID? {
        state.update { state in
            guard pieces.contains(where: { !state.cached[$0] }) else { return nil }
            let id = ReadID(state.nextID)
            state.nextID += 1
            state.waits[id] = (pieces, completion)
            state.waited.append(pieces)
            return id
        }
    }

    func cancelWait(_ read: ReadID) -> Bool {
        state.update { $0.waits.removeValue(forKey: read) != nil }
    }

    func reportTimeout(_ read: ReadID, pieces: Range<PieceIndex>, path: String) {
        state.update { $0.timeouts.append(path) }
    }

    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>) {
        state.update { state in
            if pieces.isEmpty {
                state.windows[stream] = nil
                state.ended.insert(stream)
            } else {
                state.windows[stream] = pieces
            }
        }
    }

    func cachedBytes(of file: FileIndex) -> Int64 {
        let pieces = torrent.layout.pieces(of: file)
        let cached = state.update { state in pieces.filter { state.cached[$0] }.count }
        return cached == pieces.count
            ? torrent.layout.length(of: file) : Int64(cached * torrent.pieceLength)
    }

    var cachedBytes: Int64 {
        torrent.layout.files.reduce(into: 0) { $0 += cachedBytes(of: $1) }
    }
    var cachedPieceCount: Int {
        let count = torrent.pieceCount
        return state.update { state in
            (0..<count).filter { state.cached[PieceIndex($0)] }.count
        }
    }
    func isCompleteOnDisk(_ file: FileIndex) -> Bool {
        let length = torrent.layout.length(of: file)
        return folder != nil && length > 0 && cachedBytes(of: file) == length
    }

    func retainCompleteFile(_ file: FileIndex) -> OwnedDescriptor? {
        guard let folder, isCompleteOnDisk(file) else { return nil }
        let path = "\(folder)/\(file.value)"
        guard let descriptor = try? OwnedDescriptor(open(path, O_RDONLY | O_CLOEXEC), path) else {
            return nil
        }
        state.update { $0.retained[file, default: 0] += 1 }
        return descriptor
    }

    func releaseCompleteFile(_ file: FileIndex) {
        state.update { state in
            let count = state.retained.removeValue(forKey: file) ?? 0
            if count > 1 { state.retained[file] = count - 1 }
        }
    }

    var waitingReadCount: Int { state.update { $0.waits.count } }
}
