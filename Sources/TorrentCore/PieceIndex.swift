/// The number of a piece in its torrent, from zero.
package struct PieceIndex: Hashable, Comparable, Strideable, Sendable, CustomStringConvertible {
    /// The number as it stands in messages.
    package let rawValue: Int32

    /// Wraps a number that the caller has checked.
    @inlinable package init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// Wraps a number that the caller has checked to fit.
    @inlinable package init(_ value: Int) { self.rawValue = Int32(value) }

    /// For use as an array index.
    @inlinable package var value: Int { Int(rawValue) }

    package var description: String { String(rawValue) }

    @inlinable package static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    @inlinable package func distance(to other: Self) -> Int {
        Int(other.rawValue) - Int(rawValue)
    }

    @inlinable package func advanced(by count: Int) -> Self { Self(value + count) }
}
