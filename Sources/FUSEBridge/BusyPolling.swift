import Glibc
import Synchronization
import TorrentCore

/// Lets one thread at a time look for the next request for a moment before it sleeps.
///
/// A program that reads in small pieces asks again some microseconds after each answer. To wake a
/// thread takes longer than that, and on a virtual machine, where a halted processor has to be
/// started by its host, several times as long. So whoever has answered a request quickly goes on
/// looking. It gives the processor away between two looks: where others have work, they get it.
final class BusyPolling: Sendable {
    /// Between two reads a program does a little work and is itself woken on another processor.
    private static let time = Interval.microseconds(50)
    /// Who took longer has moved many bytes or waited for a disk: waking up is not what it costs then.
    private static let quick = Interval.microseconds(30)

    private let isTaken = Atomic(false)

    /// Until when the calling thread, which has worked on a request from `start` to `end`, may look
    /// for the next one; nil where it should sleep. `end` must follow where it may.
    func begin(after start: Timestamp, _ end: Timestamp) -> Timestamp? {
        guard end - start < Self.quick,
            isTaken.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        else { return nil }
        return end + Self.time
    }

    /// The thread looks no more.
    func end() { isTaken.store(false, ordering: .relaxed) }
}
