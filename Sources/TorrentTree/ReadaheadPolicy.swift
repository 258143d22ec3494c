package import TorrentCore

/// The numbers that readahead goes by.
package struct ReadaheadPolicy: Equatable, Sendable {
    /// A reader is sequential once it has read this much on from where it began. Requests of the
    /// kernel reach 1 MiB, so a single random read of up to that size stays a random read.
    package var confirmation: Int64 = 1 << 20
    /// Requests of one reader reach us out of order by as much as the kernel reads ahead: up to
    /// this far from where the reader is expected they still count as its own.
    package var slack: Int64 = 1 << 20
    /// A window starts at this many pieces: the one being read, and the one that must not be waited
    /// for next.
    package var startPieces: Int64 = 2
    /// A window is never smaller: twice what the kernel reads ahead by itself.
    package var smallestWindow: Int64 = 2 << 20
    /// A window never grows beyond this, unless `startPieces` are longer: half a second of a link of
    /// 1 Gbit/s, and small beside a piece-buffer budget.
    package var largestWindow: Int64 = 64 << 20
    /// How many readers of one file are told apart: as many as data loaders use on one file.
    package var streamLimit = 16
    /// A reader that has not read for this long has gone elsewhere.
    package var idleTime = Interval.seconds(30)

    /// The numbers in use.
    package static let standard = ReadaheadPolicy()

    /// A policy to adjust.
    package init() {}
}
