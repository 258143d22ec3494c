import Reactor
package import TorrentCore

/// Taking pieces off the disk because somebody says so.
extension PieceStore {
    /// What is not synced cannot go; a disk may take long for that.
    private static let syncLimit = Interval.seconds(30)

    /// Evicts the pieces of these ranges, or all, but what is pinned or in use; they are fetched
    /// again when they are read. Blocks on the disk, until done or until `isCancelled`, which is asked
    /// between batches; `progress` gets bytes.
    package func evict(
        _ ranges: [Range<PieceIndex>]? = nil,
        progress: (_ done: Int64, _ total: Int64) -> Void = { _, _ in },
        isCancelled: () -> Bool = { false }
    ) throws(StorageError) -> EvictionResult {
        guard let folder = cacheFolder, let usage else { return EvictionResult() }
        flush(until: .now() + Self.syncLimit)
        let wanted = ranges ?? [geometry.pieces]
        let keptBefore = count(kept, in: wanted)
        var isWanted = Bitfield(count: geometry.pieceCount)
        for range in wanted {
            for piece in range.clamped(to: geometry.pieces) { isWanted[piece] = true }
        }
        let chosen = candidates().filter { isWanted[$0.piece] }
        let total = chosen.reduce(Int64(0)) { $0 + $1.bytes }
        var result = EvictionResult()
        var done: Int64 = 0
        progress(0, total)
        for batch in EvictionRound.batches(chosen) {
            guard !isCancelled() else { break }
            result.bytes += try evict(batch)
            done += batch.reduce(0) { $0 + $1.bytes }
            progress(done, total)
        }
        let ceiling = usage.lowerCeiling()
        try folder.cache.catalogue.settle([
            (folder.torrent, usage.bytes, ceiling == .max ? 0 : ceiling)
        ])
        result.piecesKept = count(kept, in: wanted)
        result.pieces = max(0, keptBefore - result.piecesKept)
        return result
    }

    private func count(_ pieces: Bitfield, in ranges: [Range<PieceIndex>]) -> Int {
        ranges.reduce(0) { $0 + pieces.setCount(in: $1.clamped(to: geometry.pieces)) }
    }
}
