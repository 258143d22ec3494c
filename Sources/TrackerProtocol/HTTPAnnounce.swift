import TorrentCore

/// The announce over HTTP (BEP 3, 7, 23, 24, 27, 31): the URL to get and the reply to read.
package enum HTTPAnnounce {
    /// Largest reply worth reading, after decompression, in bytes: room for two thousand peers in
    /// the long form several times over.
    package static let responseLimit = 1 << 20

    /// The URL of an announce; `base` is a URL that `TrackerURL` accepted, and may hold a query.
    package static func url(_ base: String, _ request: AnnounceRequest) -> String {
        var parameters = [
            "info_hash=" + PercentEncoding.encode(request.infoHash.bytes),
            "peer_id=" + PercentEncoding.encode(request.peerID.bytes),
            "port=\(request.port)",
            "uploaded=\(max(0, request.uploaded))",
            "downloaded=\(max(0, request.downloaded))",
            "left=\(max(0, request.left))",
            "compact=1",
            "no_peer_id=1",
            "numwant=\(request.wantedPeerCount)",
            "key=" + key(request.key),
        ]
        for address in request.addresses {
            let name = address.isV6 ? "ipv6=" : "ipv4="
            parameters.append(name + PercentEncoding.encode(address.description.utf8))
        }
        if request.supportsEncryption { parameters.append("supportcrypto=1") }
        if let event = request.event.parameter { parameters.append("event=\(event)") }
        if let trackerID = request.trackerID {
            parameters.append("trackerid=" + PercentEncoding.encode(trackerID))
        }
        return append(parameters, to: base)
    }

    /// `base` with parameters added to its query, before any fragment, which is dropped.
    static func append(_ parameters: [String], to base: String) -> String {
        var url = String(base.prefix { $0 != "#" })
        if let question = url.firstIndex(of: "?") {
            let query = url[url.index(after: question)...]
            if !query.isEmpty && !query.hasSuffix("&") { url += "&" }
        } else {
            url += "?"
        }
        return url + parameters.joined(separator: "&")
    }

    /// Eight upper-case hexadecimal digits, as `%08X` prints.
    private static func key(_ key: UInt32) -> String {
        let digits = String(key, radix: 16, uppercase: true)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
