/// How far an address reaches, nearest first.
package enum AddressScope: UInt8, Comparable, Sendable {
    /// This machine.
    case loopback
    /// The own network; see `IPAddress.isPrivate`.
    case local
    /// The internet.
    case global

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension IPAddress {
    /// How far the address reaches; constant time.
    package var scope: AddressScope { isLoopback ? .loopback : isPrivate ? .local : .global }
}
