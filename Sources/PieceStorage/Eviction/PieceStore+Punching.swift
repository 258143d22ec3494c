import CLinux
import Metainfo
import Reactor
import TorrentCore

/// Giving bytes back to the disk.
extension PieceStore {
    /// Makes holes where pieces were that no writer touches meanwhile; gives the bytes that came
    /// free. Only in one file where `file` is given.
    func punch(_ pieces: [PieceIndex], only file: FileIndex? = nil) -> Int64 {
        var freed: Int64 = 0
        var rest = pieces[...]
        while let first = rest.first {
            let run = rest.enumerated().prefix { $1.value == first.value + $0 }.count
            freed += punch(first..<first.advanced(by: run), only: file)
            rest = rest.dropFirst(run)
        }
        return freed
    }

    private func punch(_ run: Range<PieceIndex>, only chosen: FileIndex?) -> Int64 {
        guard let plan = punchPlan else { return 0 }
        let holes = plan.holes(of: run, isFree: { piece in state.withLock { $0.isFree(piece) } })
        return punch(holes.filter { chosen == nil || chosen == $0.file })
    }

    /// Makes holes; gives the bytes that came free.
    @discardableResult
    func punch(_ holes: [PunchPlan.Hole]) -> Int64 {
        guard let usage else { return 0 }
        var freed: Int64 = 0
        for hole in holes {
            guard let file = openForReading(hole.file).file else { continue }
            usage.touch(hole.file, file.descriptor)
            let code = swarmfs_punch_hole(
                file.descriptor, hole.range.lowerBound, Int64(hole.range.count))
            if code != 0 {
                warnOnce(
                    .punchFailed,
                    "\(SystemError(code, "evict from cache file \(hole.file)")): this filesystem "
                        + "may not give parts of files back; the cache's limit cannot be kept")
            }
            freed -= usage.update(hole.file, file.descriptor)
        }
        return freed
    }

    var punchPlan: PunchPlan? {
        cacheFolder.map {
            PunchPlan(
                layout: disk, pieceLength: geometry.pieceLength, blockLength: $0.cache.blockLength
            )
        }
    }
}
