import TorrentCore

/// Addresses and URLs of the command line, checked for form only.
enum NetworkArguments {
    /// Where to accept peers: every address where none is given.
    struct Listen {
        let address: IPAddress?
        let port: UInt16
    }

    /// From `:6881`, `6881`, `192.0.2.1:6881` or `[2001:db8::1]:6881`; port 0 lets the system
    /// choose.
    static func listen(_ option: String, _ text: String) throws(Failure) -> Listen {
        let bare = text.hasPrefix(":") ? text.dropFirst() : text[...]
        if let port = UInt16(bare) { return Listen(address: nil, port: port) }
        if let endpoint = Endpoint(text) {
            return Listen(address: endpoint.address, port: endpoint.port)
        }
        throw Failure(
            .usage, "\(option) \(text) is no address to listen on",
            "write :6881, 192.0.2.1:6881 or [2001:db8::1]:6881")
    }

    /// `HOST:PORT`, where the host is a name, an IPv4 address or an IPv6 address in brackets.
    static func peer(_ option: String, _ text: String) throws(Failure) -> String {
        let colon = text.lastIndex(of: ":")
        let host = colon.map { text[..<$0] } ?? ""
        let port = colon.flatMap { UInt16(text[text.index(after: $0)...]) } ?? 0
        let isName =
            (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy { byte in
                byte > 32 && byte < 127 && !#":[]/@?#"#.utf8.contains(byte)
            }
        guard port > 0, isName || Endpoint(text) != nil else {
            throw Failure(
                .usage, "\(option) \(text) is no peer",
                "write HOST:PORT, for example 192.0.2.1:6881 or [2001:db8::1]:6881")
        }
        return text
    }

    /// A tracker's URL: http, https or udp.
    static func tracker(_ option: String, _ text: String) throws(Failure) -> String {
        try url(
            option, text, schemes: ["http", "https", "udp"], "https://tracker.example/announce")
    }

    /// A web seed's URL: http or https.
    static func webSeed(_ option: String, _ text: String) throws(Failure) -> String {
        try url(option, text, schemes: ["http", "https"], "https://data.example/files/")
    }

    private static func url(
        _ option: String, _ text: String, schemes: [String], _ example: String
    ) throws(Failure) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 32 && $0 != 127 }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard isPlain, parts.count == 2, schemes.contains(parts[0].lowercased()),
            parts[1].hasPrefix("//"), let first = parts[1].dropFirst(2).first, first != "/"
        else {
            throw Failure(
                .usage, "\(option) \(text) is no \(schemes.joined(separator: ", ")) URL",
                "write it in full, for example \(example)")
        }
        return text
    }
}
