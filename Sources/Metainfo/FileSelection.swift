package import TorrentCore

/// The files that a magnet link selects (BEP 53), by their numbers in the torrent's file list.
package struct FileSelection: Equatable, Sendable {
    /// Ascending, and neither overlapping nor touching.
    private let ranges: [ClosedRange<Int>]

    /// A selection; the ranges may come in any order and overlap. Numbers that no file has select
    /// nothing.
    package init(_ ranges: [ClosedRange<Int>]) {
        var merged: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // One below the bound, so that nothing overflows.
            if let last = merged.last, range.lowerBound - 1 <= last.upperBound {
                merged[merged.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Whether a file is selected. Logarithmic in the number of ranges.
    package func contains(_ file: FileIndex) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < file.value {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].contains(file.value)
    }
}
