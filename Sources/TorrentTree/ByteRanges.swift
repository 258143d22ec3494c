/// A set of byte positions of a file, kept as disjoint ranges in order.
///
/// It may hold more than was put in: beyond `limit` ranges the two nearest are joined.
package struct ByteRanges: Equatable, Sendable {
    /// How many ranges are kept apart: a bound on memory for each file.
    package static let limit = 128

    /// The ranges, ascending, none touching another.
    package private(set) var ranges: [Range<Int64>] = []

    /// The empty set.
    package init() {}

    /// Whether nothing is in the set.
    package var isEmpty: Bool { ranges.isEmpty }

    /// Whether all of a range is in the set.
    package func contains(_ range: Range<Int64>) -> Bool {
        let position = firstIndex(endingAfter: range.lowerBound)
        return position < ranges.count && ranges[position].lowerBound <= range.lowerBound
            && range.upperBound <= ranges[position].upperBound
    }

    /// Adds a range.
    package mutating func insert(_ range: Range<Int64>) {
        guard !range.isEmpty else { return }
        // All ranges from `low` up to `high` overlap or touch the new one.
        let low = firstIndex(endingAfter: range.lowerBound - 1)
        var high = low
        var joined = range
        while high < ranges.count, ranges[high].lowerBound <= range.upperBound {
            joined =
                min(
                    joined.lowerBound, ranges[high].lowerBound)..<max(
                    joined.upperBound, ranges[high].upperBound)
            high += 1
        }
        ranges.replaceSubrange(low..<high, with: [joined])
        if ranges.count > Self.limit { joinNearest() }
    }

    /// Takes a range out.
    package mutating func remove(_ range: Range<Int64>) {
        guard !range.isEmpty else { return }
        let low = firstIndex(endingAfter: range.lowerBound)
        var high = low
        var rest: [Range<Int64>] = []
        while high < ranges.count, ranges[high].lowerBound < range.upperBound {
            let old = ranges[high]
            if old.lowerBound < range.lowerBound {
                rest.append(old.lowerBound..<range.lowerBound)
            }
            if old.upperBound > range.upperBound {
                rest.append(range.upperBound..<old.upperBound)
            }
            high += 1
        }
        ranges.replaceSubrange(low..<high, with: rest)
        if ranges.count > Self.limit { joinNearest() }
    }

    private func firstIndex(endingAfter position: Int64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound > position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private mutating func joinNearest() {
        var nearest = 1
        var gap = Int64.max
        for position in 1..<ranges.count {
            let distance = ranges[position].lowerBound - ranges[position - 1].upperBound
            if distance < gap { (nearest, gap) = (position, distance) }
        }
        let joined = ranges[nearest - 1].lowerBound..<ranges[nearest].upperBound
        ranges.replaceSubrange(nearest - 1...nearest, with: [joined])
    }
}
