package import TorrentCore

/// Where a `udp://` tracker is and what its URL adds (BEP 15, BEP 41).
package struct UDPTrackerAddress: Hashable, Sendable {
    /// Longest host name, as DNS has it.
    private static let hostLimit = 253

    /// A host name or a numeric address, IPv6 without brackets.
    package let host: String
    /// The port, never zero.
    package let port: UInt16
    /// Path and query as they stand in the URL; empty where the URL has none. Goes into announces
    /// as the URLData option (BEP 41).
    package let urlData: [UInt8]

    /// From `host:port` or `[v6]:port`.
    init(authority: String, urlData: [UInt8]) throws(TrackerError) {
        guard let colon = authority.lastIndex(of: ":"),
            let port = UInt16(authority[authority.index(after: colon)...]), port > 0
        else { throw .invalidURL("a udp tracker needs a port") }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard IPAddress(host)?.isV6 == true else {
                throw .invalidURL("not an IPv6 address")
            }
        } else {
            guard !host.isEmpty, host.utf8.count <= Self.hostLimit,
                host.utf8.allSatisfy(Self.isHostCharacter)
            else { throw .invalidURL("not a host name") }
        }
        self.host = String(host)
        self.port = port
        self.urlData = urlData
    }

    /// Of a tracker's addresses those to ask: one, or one of each family. None in this machine's own
    /// networks where only public ones may be asked, and none that stands for many machines at once.
    package static func endpoints(
        among all: [Endpoint], publicOnly: Bool, bothFamilies: Bool
    ) -> [Endpoint] {
        let allowed = all.filter {
            !$0.address.isUnroutable && !(publicOnly && $0.address.isPrivate)
        }
        // IPv4 first: a tracker with both is reached by more peers there.
        let v4 = allowed.first { !$0.address.isV6 }
        let v6 = allowed.first(where: \.address.isV6)
        let both = [v4, v6].compactMap(\.self)
        return bothFamilies ? both : Array(both.prefix(1))
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
