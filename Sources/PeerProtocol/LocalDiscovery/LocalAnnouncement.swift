package import TorrentCore

/// What a client tells everybody on its network: the torrents that it takes part in (BEP 14).
///
///     BT-SEARCH * HTTP/1.1
///     Host: 239.192.152.143:6771
///     Port: <TCP port>
///     Infohash: <40 hexadecimal digits>
///     cookie: <own mark>
///
/// Lines end in CR LF, and two empty ones end the datagram.
package struct LocalAnnouncement: Equatable, Sendable {
    /// The IPv4 group (organisation-local).
    package static let groupV4 = Endpoint(address: .v4(0xEFC0_988F), port: 6771)
    /// The IPv6 group, `ff15::efc0:988f` (site-local).
    package static let groupV6 = Endpoint(
        address: .v6(0xFF15_0000_0000_0000, 0xEFC0_988F), port: 6771)
    /// The longest datagram that is sent or read: it is not to be cut into fragments (BEP 14).
    package static let maximumLength = 1400
    /// Infohashes that fit into a datagram beside the longest of everything else.
    package static let infoHashLimit = 20
    /// The longest cookie that is kept; ours has eight digits.
    private static let cookieLimit = 64

    /// Where the sender accepts connections.
    package var port: UInt16
    /// The torrents' infohashes, those of v2 torrents cut to 20 bytes.
    package var infoHashes: [SHA1Digest]
    /// By which the sender knows its own datagrams again.
    package var cookie: String?

    /// An announcement.
    package init(port: UInt16, infoHashes: [SHA1Digest], cookie: String?) {
        self.port = port
        self.infoHashes = infoHashes
        self.cookie = cookie
    }

    /// Reads a datagram; nil where it is no announcement. Lines may end in a line feed alone,
    /// headers may come in any order and case, and those that mean nothing to us are passed over,
    /// as are infohashes that are none and those beyond the limit.
    package init?(parsing datagram: [UInt8]) {
        guard datagram.count <= Self.maximumLength else { return nil }
        let lines = datagram.split(separator: UInt8(ascii: "\n")).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        guard let start = lines.first, start.starts(with: "BT-SEARCH * HTTP/1.".utf8) else {
            return nil
        }
        var port: UInt16?
        var hashes: [SHA1Digest] = []
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = Self.trimmed(line[(colon + 1)...])
            switch name {
            case "port": port = UInt16(value)
            case "infohash":
                guard hashes.count < Self.infoHashLimit, value.utf8.count == 40,
                    let hash = SHA1Digest(hexadecimal: value), !hashes.contains(hash)
                else { continue }
                hashes.append(hash)
            case "cookie": cookie = value.utf8.count <= Self.cookieLimit ? value : nil
            default: break
            }
        }
        guard let port, port != 0, !hashes.isEmpty else { return nil }
        self.port = port
        infoHashes = hashes
    }

    /// The datagram for a group. At most `infoHashLimit` infohashes may be given.
    package func encoded(for group: Endpoint) -> [UInt8] {
        precondition(infoHashes.count <= Self.infoHashLimit, "too long for one datagram")
        var text = "BT-SEARCH * HTTP/1.1\r\nHost: \(group)\r\nPort: \(port)\r\n"
        for hash in infoHashes { text += "Infohash: \(hash)\r\n" }
        if let cookie { text += "cookie: \(cookie)\r\n" }
        return Array((text + "\r\n\r\n").utf8)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var bytes = bytes.drop(while: isSpace)
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
