/// How far a task of a mount's process is; the keys are stable and snake_case.
package struct TaskStatus: Codable, Equatable, Sendable {
    /// The number to ask for it by.
    package var task: Int
    /// Bytes done so far.
    package var done: Int64
    /// Bytes there are to do.
    package var total: Int64
    /// Whether it has ended.
    package var isFinished: Bool
    /// Why it ended before all was done, in one line.
    package var failure: String?
    /// How many files it is about; of a prefetch or a pin.
    package var files: Int?
    /// What was found, torrent by torrent; of a verification that has ended.
    package var verification: [TorrentVerification]?
    /// What was evicted so far.
    package var eviction: EvictionReport?

    /// A task that has just begun.
    package init(task: Int) {
        self.task = task
        done = 0
        total = 0
        isFinished = false
    }

    private enum CodingKeys: String, CodingKey {
        case task, done, total, failure, files, verification, eviction
        case isFinished = "is_finished"
    }
}
