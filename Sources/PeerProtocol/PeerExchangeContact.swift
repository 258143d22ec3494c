package import TorrentCore

/// One peer as another one tells of it (BEP 11).
package struct PeerExchangeContact: Hashable, Sendable {
    /// What is told of a peer besides its address.
    package struct Flags: OptionSet, Hashable, Sendable {
        /// The byte of `added.f`.
        package let rawValue: UInt8

        /// All eight bits; those that BEP 11 reserves mean nothing.
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// It would rather have encrypted connections.
        package static let prefersEncryption = Self(rawValue: 0x01)
        /// It has everything, or downloads nothing more.
        package static let seed = Self(rawValue: 0x02)
        /// It speaks uTP (BEP 29).
        package static let utp = Self(rawValue: 0x04)
        /// It takes part in holepunching (BEP 55).
        package static let holepunch = Self(rawValue: 0x08)
        /// The teller dialled it, so it can be reached.
        package static let reachable = Self(rawValue: 0x10)
    }

    /// Where it accepts connections.
    package let endpoint: Endpoint
    /// What is known of it.
    package let flags: Flags

    /// A contact.
    package init(_ endpoint: Endpoint, flags: Flags = []) {
        self.endpoint = endpoint
        self.flags = flags
    }
}
