/// The number of a packet, or of one that is acknowledged: 16 bits that wrap around (BEP 29).
package struct UTPSequenceNumber: Hashable, Sendable {
    package let rawValue: UInt16

    /// A number as it is on the wire.
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// How far this is after `other`; negative where it is before. Right for numbers less than
    /// 32,768 apart, and no more packets than 1024 are ever on their way.
    package func distance(from other: Self) -> Int {
        Int(Int16(bitPattern: rawValue &- other.rawValue))
    }

    /// The number `count` packets later, or earlier.
    package static func + (number: Self, count: Int) -> Self {
        Self(number.rawValue &+ UInt16(truncatingIfNeeded: count))
    }

    /// The number `count` packets earlier.
    package static func - (number: Self, count: Int) -> Self { number + -count }
}
