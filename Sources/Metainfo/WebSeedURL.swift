package import TorrentCore

/// A web seed's address: where an HTTP server keeps a torrent's files (BEP 19).
package struct WebSeedURL: Hashable, Sendable, CustomStringConvertible {
    /// Longer URLs are refused by servers.
    package static let lengthLimit = 8192

    /// As it was given.
    package let text: String

    /// Nil where `text` is no http or https URL with a host.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()),
            parts[1].hasPrefix("//"), let first = parts[1].dropFirst(2).first, first != "/",
            text.utf8.count <= Self.lengthLimit,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { return nil }
        self.text = text
    }

    /// The URL of one file; nil where the torrent's path for it cannot be said in a URL.
    ///
    /// A single file is at the URL itself or, where that ends in a slash, at the torrent's name
    /// below it. Several files are below the torrent's name, each by its path. Every byte of a name
    /// that is not unreserved (RFC 3986) is escaped.
    package func url(of file: FileIndex, in info: InfoDictionary) -> String? {
        let isFolder = text.utf8.last == UInt8(ascii: "/")
        if info.layout.isSingleFile, !isFolder { return text }
        var result = isFolder ? text : text + "/"
        var components = info.layout.path(of: file)
        if !info.layout.isSingleFile { components.insert(info.name, at: 0) }
        for (position, component) in components.enumerated() {
            // Such names would leave the server's folder.
            guard !component.isEmpty, component != [0x2E], component != [0x2E, 0x2E] else {
                return nil
            }
            if position > 0 { result += "/" }
            Self.escape(component, into: &result)
        }
        return result.utf8.count <= Self.lengthLimit ? result : nil
    }

    package var description: String { text }

    private static func escape(_ bytes: [UInt8], into text: inout String) {
        let digits = Array("0123456789ABCDEF".unicodeScalars)
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += "%"
                text.unicodeScalars.append(digits[Int(byte >> 4)])
                text.unicodeScalars.append(digits[Int(byte & 15)])
            }
        }
    }
}
