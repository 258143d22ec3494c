/// An open file, as the kernel gives it back with each read.
struct FileHandle: Equatable, Sendable {
    /// What the kernel keeps.
    let rawValue: UInt64

    /// What came back from the kernel.
    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// A new handle; `isComplete` where the whole file was cached when it was opened: such a file
    /// needs no readahead.
    init(number: UInt64, isComplete: Bool) { rawValue = number << 1 | (isComplete ? 1 : 0) }

    /// Whether the whole file was cached when it was opened.
    var isComplete: Bool { rawValue & 1 == 1 }
}
