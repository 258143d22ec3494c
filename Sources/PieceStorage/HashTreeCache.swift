import Metainfo
import TorrentCore

/// The Merkle trees of pieces, and those above piece layers, that peers asked about lately.
struct HashTreeCache {
    enum Key: Hashable {
        /// Over the leaves of a piece.
        case piece(PieceIndex)
        /// Over the piece layer of a file.
        case file(FileIndex)
    }

    private var trees: [Key: (tree: HashTree, lastUse: UInt64)] = [:]
    private var clock: UInt64 = 0
    private var bytes = 0
    private let limit: Int

    /// Holds at most `limit` bytes, or one tree.
    init(limit: Int) { self.limit = limit }

    /// A tree, noted as used.
    mutating func tree(_ key: Key) -> HashTree? {
        guard let found = trees[key]?.tree else { return nil }
        clock += 1
        trees[key]?.lastUse = clock
        return found
    }

    /// Keeps a tree; those least lately used make room.
    mutating func insert(_ tree: HashTree, for key: Key) {
        clock += 1
        bytes += tree.byteCount - (trees[key]?.tree.byteCount ?? 0)
        trees[key] = (tree, clock)
        guard bytes > limit else { return }
        // Half of them at once, so that looking for the oldest costs little a tree.
        for (old, entry) in trees.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard bytes > limit / 2, old != key else { return }
            trees[old] = nil
            bytes -= entry.tree.byteCount
        }
    }
}
