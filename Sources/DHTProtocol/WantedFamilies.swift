/// Which nodes a querier wants named (BEP 32); with neither, those of the family it asks over.
package struct WantedFamilies: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// IPv4 nodes.
    package static let v4 = WantedFamilies(rawValue: 1)
    /// IPv6 nodes.
    package static let v6 = WantedFamilies(rawValue: 2)

    func includes(_ family: AddressFamily, over transport: AddressFamily) -> Bool {
        isEmpty ? family == transport : contains(family == .v4 ? .v4 : .v6)
    }
}
