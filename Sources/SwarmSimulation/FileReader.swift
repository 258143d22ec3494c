package import TorrentCore

/// One program that reads the file of a `ReadingSimulation` through a mount.
package struct FileReader: Sendable {
    /// How it reads.
    package enum Pattern: Equatable, Sendable {
        /// So many reads of 4 KiB at random places in a range of bytes where nothing is cached,
        /// the next one so long after the last was answered.
        case random(in: Range<Int64>, count: Int, pause: Interval)
        /// A range of bytes in order; the kernel asks ahead of the program by `kernelReadahead`.
        case sequential(Range<Int64>)
    }

    /// What a random reader asks for.
    static let randomLength: Int64 = 4 << 10
    /// What the kernel asks for with one FUSE read of a sequential reader.
    static let requestLength: Int64 = 256 << 10
    /// How far the kernel asks ahead of a sequential reader.
    static let kernelReadahead: Int64 = 1 << 20

    /// How it reads.
    package var pattern: Pattern
    /// When it begins.
    package var start: Timestamp

    /// A reader.
    package init(_ pattern: Pattern, start: Timestamp = .zero) {
        self.pattern = pattern
        self.start = start
    }
}
