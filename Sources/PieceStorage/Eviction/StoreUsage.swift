import CLinux
import Glibc
import Reactor
import TorrentCore

/// How much disk one torrent takes, in real blocks.
///
/// Each file's size is remembered when it is first touched, and again after each change; the
/// differences are summed. System calls are made under this lock, so that concurrent writers to one
/// file count each block once; it is not the lock that readers take.
final class StoreUsage: Sendable {
    private struct State {
        /// What the files take, without those not counted yet.
        var allocated: Int64
        /// After a crash, at most what all files take until they are counted.
        var bound: Int64
        /// Asked for by writers, not yet seen in files.
        var inFlight: Int64 = 0
        /// What `allocated` and `inFlight` may grow to; see `Catalogue.reserve`.
        var ceiling: Int64
        /// What each touched file takes.
        var files: [FileIndex: Int64] = [:]
        var isCounted: Bool
        /// The first file that was not counted.
        var nextToCount = 0
        /// Whether anything was written since `takeIdleness`.
        var wasWritten = false

        var total: Int64 { isCounted ? allocated : max(bound, allocated) }
    }

    private let state: Locked<State>

    /// With what the catalogue says; a torrent of a cache without size limit has no ceiling.
    init(bytes: Int64, isExact: Bool, isLimited: Bool) {
        state = Locked(
            State(
                allocated: isExact ? bytes : 0, bound: bytes,
                ceiling: isLimited ? bytes : .max, isCounted: isExact))
    }

    /// Bytes that the torrent's files take: after a crash an upper bound, until counted.
    var bytes: Int64 { state.withLock { $0.total } }
    /// Those, and what writers have asked for.
    var committed: Int64 { state.withLock { $0.total + $0.inFlight } }
    /// How much the torrent may grow to.
    var ceiling: Int64 { state.withLock { $0.ceiling } }
    /// Whether every file has been counted.
    var isCounted: Bool { state.withLock { $0.isCounted } }

    // MARK: Writers

    /// Asks for room below the ceiling; to be given back by `finish`. Also says what is left.
    func reserve(_ bytes: Int64) -> (isGranted: Bool, left: Int64) {
        state.withLock { state in
            let left = state.ceiling - state.total - state.inFlight
            guard bytes <= left else { return (false, left) }
            state.inFlight += bytes
            return (true, left - bytes)
        }
    }

    /// Gives room back that `reserve` gave.
    func finish(_ bytes: Int64) {
        state.withLock {
            $0.inFlight -= bytes
            $0.wasWritten = true
        }
    }

    /// Remembers a file's size before its first change.
    func touch(_ file: FileIndex, _ descriptor: Int32) {
        state.withLock { state in
            guard state.files[file] == nil, let size = Self.size(descriptor) else { return }
            state.files[file] = size
            if !state.isCounted { state.allocated += size }
        }
    }

    /// Takes note of a touched file's size after a change; gives the difference.
    @discardableResult
    func update(_ file: FileIndex, _ descriptor: Int32) -> Int64 {
        state.withLock { state in
            guard let old = state.files[file], let size = Self.size(descriptor) else { return 0 }
            state.files[file] = size
            state.allocated += size - old
            return size - old
        }
    }

    // MARK: Limits

    /// Sets the ceiling.
    func setCeiling(_ ceiling: Int64) { state.withLock { $0.ceiling = ceiling } }

    /// Gives up what is reserved beyond `slack` more than there is; gives the new ceiling.
    func lowerCeiling(slack: Int64 = 0) -> Int64 {
        state.withLock { state in
            if state.ceiling != .max {
                state.ceiling = min(state.ceiling, state.total + state.inFlight + slack)
            }
            return state.ceiling
        }
    }

    /// Whether nothing was written since the last call.
    func takeIdleness() -> Bool {
        state.withLock { state in
            defer { state.wasWritten = false }
            return !state.wasWritten && state.inFlight == 0
        }
    }

    // MARK: After a crash

    /// The number of the first of `step` files to be counted next.
    func nextToCount(step: Int) -> Int {
        state.withLock { state in
            defer { state.nextToCount += step }
            return state.nextToCount
        }
    }

    /// Counts a file, unless it was touched.
    func count(_ file: FileIndex, bytes: Int64) {
        state.withLock { state in
            guard !state.isCounted, state.files[file] == nil else { return }
            state.files[file] = bytes
            state.allocated += bytes
        }
    }

    /// Every file has been counted.
    func endCount() { state.withLock { $0.isCounted = true } }

    /// Bytes of whole blocks that a file takes, as of `fstat`.
    private static func size(_ descriptor: Int32) -> Int64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return Int64(status.st_blocks) * 512
    }
}
