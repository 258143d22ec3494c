import TorrentCore

extension MagnetLink: CustomStringConvertible {
    /// The link, such as can be parsed again.
    package var description: String {
        var parameters: [String] = []
        if let v1 = identity.v1 { parameters.append("xt=urn:btih:\(v1)") }
        if let v2 = identity.v2 { parameters.append("xt=urn:btmh:1220\(v2)") }
        if let displayName { parameters.append("dn=" + Self.escape(displayName)) }
        parameters += trackers.map { "tr=" + Self.escape($0) }
        parameters += webSeeds.map { "ws=" + Self.escape($0) }
        parameters += peers.map { "x.pe=" + Self.escape($0, keeping: ":[]") }
        if let selectedFiles {
            let ranges = selectedFiles.map {
                $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
            }
            parameters.append("so=" + ranges.joined(separator: ","))
        }
        return "magnet:?" + parameters.joined(separator: "&")
    }

    /// Everything but RFC 3986's unreserved characters, and those of `kept`, as `%XX`.
    private static func escape(_ text: String, keeping kept: String = "") -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            case _ where kept.utf8.contains(byte):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + Hexadecimal.encode([byte]).uppercased()
            }
        }
        return escaped
    }
}
