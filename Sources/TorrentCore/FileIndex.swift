/// The number of a file in its torrent's file list, from zero, padding files included.
package struct FileIndex: Hashable, Comparable, Strideable, Sendable, CustomStringConvertible {
    /// The position in the file list.
    package let rawValue: Int32

    /// Wraps a position that the caller has checked to fit.
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
