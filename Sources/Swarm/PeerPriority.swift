package import TorrentCore

/// An order of pairs of peers that all clients agree on (BEP 40): where everybody prefers the same
/// connections, a swarm hangs together and newcomers find a place.
package enum PeerPriority {
    /// The priority of a connection between the two, greater is better; nil between IPv4 and IPv6.
    /// Who is which does not matter.
    package static func of(_ own: Endpoint, _ other: Endpoint) -> UInt32? {
        let (left, right) = (own.address.bytes, other.address.bytes)
        guard left.count == right.count else { return nil }
        guard
            let differing = zip(left, right).enumerated().first(where: {
                $0.element.0 != $0.element.1
            })?.offset
        else {
            return CRC32C.checksum(
                [min(own.port, other.port), max(own.port, other.port)].flatMap {
                    [UInt8($0 >> 8), UInt8($0 & 255)]
                })
        }
        // Half of an IPv4 address and three eighths of an IPv6 address count in full, and more
        // where the two are near each other.
        let whole = max(left.count == 4 ? 2 : 6, differing + 1)
        func masked(_ bytes: [UInt8]) -> [UInt8] {
            bytes.enumerated().map { $0.offset < whole ? $0.element : $0.element & 0x55 }
        }
        let pair = [masked(left), masked(right)].sorted { $0.lexicographicallyPrecedes($1) }
        return CRC32C.checksum(pair[0] + pair[1])
    }
}
