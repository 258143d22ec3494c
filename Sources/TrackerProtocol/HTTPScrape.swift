import Bencode
package import TorrentCore

/// The scrape over HTTP: how torrents fare, without joining them (BEP 48).
package enum HTTPScrape {
    /// Most torrents in one request: their infohashes take up to 70 bytes each in the URL.
    package static let hashLimit = 50

    /// The URL of a scrape; nil where the tracker's announce URL does not allow one: the last
    /// part of its path must begin with `announce`. The first 50 of `hashes` count.
    package static func url(_ announce: String, _ hashes: [SHA1Digest]) -> String? {
        let path = announce.prefix { $0 != "?" && $0 != "#" }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let start = path.index(after: slash)
        guard path[start...].hasPrefix("announce") else { return nil }
        let rest = announce[announce.index(start, offsetBy: "announce".count)...]
        return HTTPAnnounce.append(
            hashes.prefix(hashLimit).map { "info_hash=" + PercentEncoding.encode($0.bytes) },
            to: announce[..<start] + "scrape" + rest)
    }

    /// Reads a scrape's reply: what it says of `hashes`. Throws like `HTTPAnnounce.parse`.
    package static func parse(
        _ bytes: [UInt8], _ hashes: [SHA1Digest]
    ) throws(TrackerError) -> [SHA1Digest: ScrapeEntry] {
        let reply = try HTTPAnnounce.dictionary(bytes)
        guard let files = reply["files"], files.kind == .dictionary else {
            throw .malformed("no files")
        }
        var entries: [SHA1Digest: ScrapeEntry] = [:]
        for hash in hashes.prefix(hashLimit) {
            let document = files.document
            guard let file = document.value(files.node, hash.bytes) else { continue }
            func count(_ key: StaticString) -> Int {
                let number = document.value(file, key).flatMap(document.integer)
                return Int(clamping: max(0, number ?? 0))
            }
            entries[hash] = ScrapeEntry(
                seeders: count("complete"), completed: count("downloaded"),
                leechers: count("incomplete"))
        }
        return entries
    }
}
