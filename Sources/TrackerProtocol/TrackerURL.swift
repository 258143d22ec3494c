import TorrentCore

/// A tracker's announce URL, checked.
package enum TrackerURL: Equatable, Sendable {
    /// HTTP or HTTPS: the URL without its fragment.
    case http(String)
    /// UDP (BEP 15).
    case udp(UDPTrackerAddress)

    /// Longest URL accepted, in bytes. Passkeys make URLs of 200 bytes; web servers refuse more
    /// than 8 KiB with our parameters added.
    package static let lengthLimit = 2048

    /// Parses a URL from a torrent, a magnet link or the command line; surrounding white space is
    /// ignored. Throws `invalidURL` or `unsupportedScheme`.
    package init(parsing text: String) throws(TrackerError) {
        var bytes = Array(text.utf8.prefix(Self.lengthLimit + 1))
        guard bytes.count <= Self.lengthLimit else {
            throw .invalidURL("longer than \(Self.lengthLimit) bytes")
        }
        bytes.removeLast(bytes.reversed().prefix(while: Self.isSpace).count)
        bytes.removeFirst(bytes.prefix(while: Self.isSpace).count)
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidURL("it holds a space or a character outside ASCII")
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[colon...].starts(with: "://".utf8)
        else { throw .invalidURL("no scheme") }
        let scheme = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        let rest = bytes[(colon + 3)...].prefix { $0 != UInt8(ascii: "#") }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let pathAndQuery = rest[authority.endIndex...]
        switch scheme {
        case "http", "https":
            guard !authority.isEmpty else { throw .invalidURL("no host") }
            self = .http(scheme + "://" + String(decoding: rest, as: UTF8.self))
        case "udp":
            self = .udp(
                try UDPTrackerAddress(
                    authority: String(decoding: authority, as: UTF8.self),
                    urlData: pathAndQuery.elementsEqual("/".utf8) ? [] : Array(pathAndQuery)))
        default:
            throw .unsupportedScheme(TrackerText.clean(bytes[..<colon]))
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }
}

extension TrackerURL {
    /// Whether the host is an address, which is of one family.
    package var hasNumericHost: Bool {
        switch self {
        case .udp(let address): return IPAddress(address.host) != nil
        case .http(let url):
            let rest = url.drop { $0 != "/" }.dropFirst(2)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let host = authority.split(separator: "@").last ?? ""
            return host.hasPrefix("[") || IPAddress(host.prefix { $0 != ":" }) != nil
        }
    }

    /// The URL in the form in which trackers are compared and asked.
    package var text: String {
        switch self {
        case .http(let url): url
        case .udp(let address):
            "udp://" + (address.host.contains(":") ? "[\(address.host)]" : address.host)
                + ":\(address.port)" + String(decoding: address.urlData, as: UTF8.self)
        }
    }
}
