import Metainfo
package import TorrentCore

/// A set of a torrent's files as runs of neighbours: a pinned folder of a million files is one run.
package struct FileRuns: Equatable, Sendable {
    private var members = RangeSet<Int>()

    /// No file.
    init() {}

    /// From runs in any order; those beyond `count` files are left out.
    init(_ runs: [Range<Int>], count: Int) {
        for run in runs where run.lowerBound >= 0 && run.upperBound <= count { insert(run) }
    }

    /// Ascending, disjoint, never adjacent.
    var runs: [Range<Int>] { Array(members.ranges) }

    /// Whether it holds a file; a binary search.
    package func contains(_ file: FileIndex) -> Bool { members.contains(file.value) }

    /// Adds files.
    mutating func insert(_ files: Range<Int>) { members.insert(contentsOf: files) }

    /// Takes files out.
    mutating func remove(_ files: Range<Int>) { members.remove(contentsOf: files) }

    /// The pieces that hold the files; nil where there are none.
    func pieces(_ layout: FileLayout, count: Int) -> Bitfield? {
        guard !members.isEmpty else { return nil }
        var pieces = Bitfield(count: count)
        for run in members.ranges {
            for piece in Self.pieces(of: run, layout) where piece.value < count {
                pieces[piece] = true
            }
        }
        return pieces
    }

    /// The pieces that hold the files of one run: neighbours lie in neighbouring pieces.
    static func pieces(of run: Range<Int>, _ layout: FileLayout) -> Range<PieceIndex> {
        let hasBytes = { (file: Int) in layout.length(of: FileIndex(file)) > 0 }
        guard let first = run.first(where: hasBytes), let last = run.last(where: hasBytes) else {
            return PieceIndex(0)..<PieceIndex(0)
        }
        let lower = layout.pieces(of: FileIndex(first)).lowerBound
        return lower..<layout.pieces(of: FileIndex(last)).upperBound
    }
}
