import Metainfo
package import TorrentCore

/// A set of a torrent's files as runs of neighbours: a pinned folder of a million files is one run.
package struct FileRuns: Equatable, Sendable {
    /// Ascending, disjoint, never adjacent.
    private(set) var runs: [Range<Int>] = []

    /// No file.
    init() {}

    /// From runs in any order; those beyond `count` files are left out.
    init(_ runs: [Range<Int>], count: Int) {
        for run in runs where run.lowerBound >= 0 && run.upperBound <= count { insert(run) }
    }

    /// Whether it holds a file; a binary search.
    package func contains(_ file: FileIndex) -> Bool {
        let index = firstRun(endingAfter: file.value)
        return index < runs.count && runs[index].lowerBound <= file.value
    }

    /// Adds files.
    mutating func insert(_ files: Range<Int>) {
        guard !files.isEmpty else { return }
        // Runs that touch count as well: they become one.
        let first = firstRun(endingAfter: files.lowerBound - 1)
        var last = first
        var joined = files
        while last < runs.count, runs[last].lowerBound <= files.upperBound {
            joined =
                min(
                    joined.lowerBound, runs[last].lowerBound)..<max(
                    joined.upperBound, runs[last].upperBound)
            last += 1
        }
        runs.replaceSubrange(first..<last, with: [joined])
    }

    /// Takes files out.
    mutating func remove(_ files: Range<Int>) {
        guard !files.isEmpty else { return }
        let first = firstRun(endingAfter: files.lowerBound)
        var last = first
        var rest: [Range<Int>] = []
        while last < runs.count, runs[last].lowerBound < files.upperBound {
            let run = runs[last]
            if run.lowerBound < files.lowerBound { rest.append(run.lowerBound..<files.lowerBound) }
            if run.upperBound > files.upperBound { rest.append(files.upperBound..<run.upperBound) }
            last += 1
        }
        runs.replaceSubrange(first..<last, with: rest)
    }

    /// The pieces that hold the files; nil where there are none.
    func pieces(_ layout: FileLayout, count: Int) -> Bitfield? {
        guard !runs.isEmpty else { return nil }
        var pieces = Bitfield(count: count)
        for run in runs {
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

    /// The position of the first run whose end lies behind `file`.
    private func firstRun(endingAfter file: Int) -> Int {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].upperBound <= file { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
