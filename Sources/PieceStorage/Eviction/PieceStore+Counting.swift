import CLinux
import Metainfo
import Reactor
import TorrentCore

/// Finding out what a torrent takes of the disk after a crash.
extension PieceStore {
    /// Files that are looked at before whoever waits for the thread is served.
    private static let countStep = 4096
    /// Pieces that are looked at while the lock is held.
    private static let punchStep = 512

    /// Counts some files more; `StoreUsage.isCounted` tells when all are. What a crash left in files
    /// that is not cached is given back to the disk.
    func countFiles() {
        guard let folder = cacheFolder, let usage else { return }
        let first = usage.nextToCount(step: Self.countStep)
        for number in first..<min(first + Self.countStep, disk.count) {
            let file = FileIndex(number)
            guard disk.isStored(file), let bytes = folder.allocatedBytes(of: file) else {
                continue
            }
            usage.count(file, bytes: bytes)
            if hasRemains(file, bytes) { punchRemains(of: file) }
        }
        if first + Self.countStep >= disk.count { usage.endCount() }
    }

    /// Whether a file takes more than its cached pieces and what the filesystem needs for itself.
    private func hasRemains(_ file: FileIndex, _ bytes: Int64) -> Bool {
        let pieces = disk.pieces(of: file)
        let block = Int64(cacheFolder?.cache.blockLength ?? 1)
        return state.withLock { state in
            let cached =
                Self.cachedBytes(
                    of: pieces, from: disk.offset(of: file), length: disk.length(of: file),
                    state.cached, geometry.pieceLength) + state.stored.bytes(of: pieces)
            // Two blocks a run at its ends; there are no more runs than cached pieces.
            let slack = (Int64(min(state.cached.setCount(in: pieces), 64)) + 4) * 2 * block
            return bytes > cached + slack
        }
    }

    /// Makes holes where no piece is cached or being written.
    private func punchRemains(of file: FileIndex) {
        punchGaps(of: file)
        var next = disk.pieces(of: file).lowerBound
        let end = disk.pieces(of: file).upperBound
        while next < end {
            let from = next
            let free = state.withLock { state -> Range<PieceIndex>? in
                guard !state.isLeaving else { return nil }
                let clear = state.cached.first(in: from..<end, isSet: false) ?? end
                let stop = min(end, clear.advanced(by: Self.punchStep))
                var first = clear
                while first < stop, !state.isRemains(first) { first = first.advanced(by: 1) }
                var last = first
                while last < stop, state.isRemains(last) {
                    state.evicting.insert(last)
                    last = last.advanced(by: 1)
                }
                return first..<last
            }
            guard let free else { return }
            _ = punch(Array(free), only: file)
            _ = endEviction(of: Array(free))
            next = max(free.upperBound, next.advanced(by: 1))
        }
    }

    /// The same in pieces of which single blocks are there.
    private func punchGaps(of file: FileIndex) {
        let pieces = disk.pieces(of: file)
        for piece in state.withLock({ $0.stored.pieces(in: pieces) }) {
            let isDue = state.withLock { state in
                guard !state.isLeaving, !state.isAdopting, state.writing[piece] == nil,
                    state.stored.pieces[piece] != nil
                else { return false }
                return state.evicting.insert(piece).inserted
            }
            guard isDue else { continue }
            punchBlocks([(piece, missingBlocks(of: piece))])
            _ = endEviction(of: [piece])
        }
    }
}
