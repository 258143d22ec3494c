package import TorrentCore

/// Keeps a public server from making us ask hosts inside our own network (request forgery by
/// redirect): once a request has been to a public address, it goes to no private one.
package struct RedirectGuard {
    private var hasBeenPublic = false

    /// Allows every first hop.
    package init() {}

    /// Whether a request may be sent to this address; to be asked before each hop.
    package mutating func allows(_ address: IPAddress) -> Bool {
        if Self.isPrivate(address) { return !hasBeenPublic }
        hasBeenPublic = true
        return true
    }

    /// Loopback, link-local, private (RFC 1918), shared (RFC 6598) and unique local (RFC 4193)
    /// addresses.
    private static func isPrivate(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let bits):
            bits >> 24 == 10 || bits >> 20 == 0xAC1 || bits >> 16 == 0xC0A8 || bits >> 24 == 127
                || bits >> 16 == 0xA9FE || bits >> 22 == 0x191 || bits >> 24 == 0
        case .v6(let high, let low):
            (high == 0 && low <= 1) || high >> 57 == 0x7E || high >> 54 == 0x3FA
        }
    }
}
