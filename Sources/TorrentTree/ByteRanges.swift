/// A set of byte positions of a file, kept as disjoint ranges in order.
///
/// It may hold more than was put in: beyond `limit` ranges the two nearest are joined.
package struct ByteRanges: Equatable, Sendable {
    /// How many ranges are kept apart: a bound on memory for each file.
    package static let limit = 128

    private var positions = RangeSet<Int64>()

    /// The empty set.
    package init() {}

    /// The ranges, ascending, none touching another.
    package var ranges: [Range<Int64>] { Array(positions.ranges) }

    /// Whether nothing is in the set.
    package var isEmpty: Bool { positions.isEmpty }

    /// Whether all of a range is in the set.
    package func contains(_ range: Range<Int64>) -> Bool {
        positions.isSuperset(of: RangeSet(range))
    }

    /// Adds a range.
    package mutating func insert(_ range: Range<Int64>) {
        positions.insert(contentsOf: range)
        if positions.ranges.count > Self.limit { joinNearest() }
    }

    /// Takes a range out.
    package mutating func remove(_ range: Range<Int64>) {
        positions.remove(contentsOf: range)
        if positions.ranges.count > Self.limit { joinNearest() }
    }

    private mutating func joinNearest() {
        let gaps = zip(positions.ranges, positions.ranges.dropFirst()).map {
            $0.upperBound..<$1.lowerBound
        }
        guard let nearest = gaps.min(by: { $0.count < $1.count }) else { return }
        positions.insert(contentsOf: nearest)
    }
}
