/// What to be told of a descriptor, level-triggered.
package struct EventInterest: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Data or a connection can be taken.
    package static let read = EventInterest(rawValue: 1)
    /// There is room to write.
    package static let write = EventInterest(rawValue: 2)
}
