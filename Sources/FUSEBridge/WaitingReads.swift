import PieceStorage
import Reactor
import TorrentCore

/// All READs that wait. Who takes one out answers it, so that each is answered exactly once.
final class WaitingReads: Sendable {
    /// What has come of a read while its wait was being set up.
    enum Start {
        /// It waits.
        case waiting
        /// Its pieces are there by now; it is the caller's again.
        case arrived
        /// No read waits any more; it is the caller's again.
        case closed
    }

    private struct State {
        var reads: [UInt64: WaitingRead] = [:]
        var nextKey: UInt64 = 1
        var isClosed = false
        /// Reads that were taken out and are being answered.
        var beingAnswered = 0

        mutating func take(_ key: UInt64) -> WaitingRead? {
            guard let read = reads.removeValue(forKey: key) else { return nil }
            beingAnswered += 1
            return read
        }
    }

    private let state = Condition(State())

    /// How many wait.
    var count: Int { state.update { $0.reads.count } }

    /// Puts a read in, before its wait begins; gives the key to name it by, nil where no read may
    /// wait any more.
    func insert(_ read: WaitingRead, for pieces: Range<PieceIndex>) -> UInt64? {
        state.update { state in
            guard !state.isClosed else { return nil }
            defer { state.nextKey += 1 }
            read.pieces = pieces
            read.wait = nil
            read.hasArrived = false
            state.reads[state.nextKey] = read
            return state.nextKey
        }
    }

    /// Says which wait belongs to a read; from now on others may take it.
    func start(_ key: UInt64, _ wait: ReadID) -> Start {
        state.update { state in
            guard let read = state.reads[key] else { return .closed }
            guard !read.hasArrived, !state.isClosed else {
                state.reads[key] = nil
                return read.hasArrived ? .arrived : .closed
            }
            read.wait = wait
            return .waiting
        }
    }

    /// Takes a read out again whose wait did not begin.
    func withdraw(_ key: UInt64) { state.update { $0.reads[key] = nil } }

    /// A read's pieces are there: it is the caller's to answer, unless nil. `answered` must follow.
    func arrived(_ key: UInt64) -> WaitingRead? {
        state.update { state in
            guard let read = state.reads[key] else { return nil }
            guard read.wait != nil else {
                read.hasArrived = true
                return nil
            }
            return state.take(key)
        }
    }

    /// Notes that the kernel says that a reader has a signal.
    func interrupted(_ key: UInt64) {
        state.update { $0.reads[key]?.interruption = .reported(tries: 0) }
    }

    /// Takes out the reads that `mustEnd` is true of, of those whose wait has begun; it may change
    /// how far a read's interruption is. `answered` must follow for each.
    func take(where mustEnd: (WaitingRead) -> Bool) -> [WaitingRead] {
        state.update { state in
            let keys = state.reads.filter { $0.value.wait != nil && mustEnd($0.value) }.keys
            return keys.compactMap { state.take($0) }
        }
    }

    /// Calls `body` with each read whose wait has begun.
    func forEach(_ body: (WaitingRead) -> Void) {
        state.update { state in
            for read in state.reads.values where read.wait != nil { body(read) }
        }
    }

    /// A read that was taken out has been answered, or waits again.
    func answered() { state.update { $0.beingAnswered -= 1 } }

    /// Lets no read wait any more; gives those that do. `answered` must follow for each.
    func close() -> [WaitingRead] {
        state.update { state in
            state.isClosed = true
            let keys = state.reads.filter { $0.value.wait != nil }.keys
            return keys.compactMap { state.take($0) }
        }
    }

    /// Waits until no read is being answered; false where that took too long.
    func drain(until deadline: Timestamp) -> Bool {
        state.wait(until: deadline) { $0.beingAnswered == 0 ? true : nil } ?? false
    }
}
