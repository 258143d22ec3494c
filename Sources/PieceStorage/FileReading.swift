package import Reactor
package import TorrentCore

/// The read side of a torrent's storage, as FUSE threads use it directly; all calls are safe from
/// any thread and none waits for the network.
package protocol FileReading: Sendable {
    /// Copies verified bytes of a file into `buffer`, as many as there are up to the file's end.
    func read(
        _ file: FileIndex, offset: Int64, into buffer: UnsafeMutableRawBufferPointer
    ) -> ReadOutcome
    /// Hands verified bytes of a file to `body` in parts that follow each other, `count` bytes in all
    /// or as many as there are up to the file's end. Bytes in memory are lent where they are; others
    /// are read into `buffer`, which has room for `count`. The parts last as long as the call of
    /// `body`, which is called where the outcome is `bytes` and not empty.
    func read(
        _ file: FileIndex, offset: Int64, lendingOr buffer: UnsafeMutableRawBufferPointer,
        _ body: ([UnsafeRawBufferPointer]) -> Void
    ) -> ReadOutcome
    /// Calls `completion` once, on any thread, when every piece of the range is there, and tells
    /// the source to fetch them. Nil, and `completion` is never called, where none is missing by
    /// now: read again.
    func wait(
        for pieces: Range<PieceIndex>, completion: @escaping @Sendable () -> Void
    ) -> ReadID?
    /// The same for a read that needs no more of the pieces than `bytes` of a file.
    func wait(
        for pieces: Range<PieceIndex>, of file: FileIndex, bytes: Range<Int64>,
        completion: @escaping @Sendable () -> Void
    ) -> ReadID?
    /// Ends a wait; false where its completion has been or is being called.
    func cancelWait(_ read: ReadID) -> Bool
    /// See `BlockSource.readTimedOut`; follows a successful `cancelWait`.
    func reportTimeout(_ read: ReadID, pieces: Range<PieceIndex>, path: String)
    /// See `BlockSource.readahead`. Pieces that are there already cost nothing.
    func readahead(_ stream: StreamID, pieces: Range<PieceIndex>)
    /// How many of a file's bytes are cached (on disk and verified).
    func cachedBytes(of file: FileIndex) -> Int64
    /// How many of the torrent's bytes are cached, padding left out.
    var cachedBytes: Int64 { get }
    /// How many pieces are cached.
    var cachedPieceCount: Int { get }
    /// How many reads wait now.
    var waitingReadCount: Int { get }
    /// Whether all of a file's bytes are verified and on disk for good, in a cache file of their own
    /// with the same offsets; never of an empty file.
    func isCompleteOnDisk(_ file: FileIndex) -> Bool
    /// Opens the cache file of such a file, read-only, for a reader that does not ask us any more;
    /// nil where it is not such a file or cannot be opened. From then on its bytes stay where they
    /// are, also after the descriptor is closed, until `releaseCompleteFile` was called as often.
    /// Blocks for the disk.
    func retainCompleteFile(_ file: FileIndex) -> OwnedDescriptor?
    /// Ends one `retainCompleteFile` that gave a descriptor.
    func releaseCompleteFile(_ file: FileIndex)
}

extension FileReading {
    /// For storage of whole pieces only.
    package func wait(
        for pieces: Range<PieceIndex>, of file: FileIndex, bytes: Range<Int64>,
        completion: @escaping @Sendable () -> Void
    ) -> ReadID? {
        wait(for: pieces, completion: completion)
    }
}
