import ControlAPI
import Foundation
import Testing

@Suite("Keys of the status (stable for scripts)")
struct StatusCodingTests {
    @Test func `a mount has exactly the documented keys`() throws {
        let mount = try #require(object(StatusReport(mounts: [.sample()]).json)["mounts"]?.first)
        #expect(
            Set(mount.keys) == [
                "mountpoint", "pid", "listen_port", "torrents", "uptime", "version", "cache",
                "limits", "dht", "passthrough",
            ])
        #expect(mount["dht"] is NSNull && mount["passthrough"] is NSNull)
        let cache = try #require(mount["cache"] as? [String: Any])
        #expect(
            Set(cache.keys) == [
                "directory", "used_bytes", "size_limit", "free_bytes", "kept_free_bytes", "is_full",
            ])
        let limits = try #require(mount["limits"] as? [String: Any])
        #expect(Set(limits.keys) == ["max_download", "max_upload", "max_connections"])
        #expect(limits["max_download"] is NSNull)
        #expect(limits["max_upload"] as? Int == 2_000_000)
        #expect(cache["directory"] as? String == "/var/cache/swarmfs")
    }

    @Test func `a torrent has exactly the documented keys, null included`() throws {
        let mount = try #require(object(StatusReport(mounts: [.sample()]).json)["mounts"]?.first)
        let torrents = try #require(mount["torrents"] as? [[String: Any]])
        for torrent in torrents {
            #expect(
                Set(torrent.keys) == [
                    "infohash", "infohash_v2", "name", "size", "cached_bytes", "piece_length",
                    "pieces", "pieces_cached", "peers", "peers_unchoked", "peers_utp", "seeds",
                    "swarm_seeds", "swarm_leechers", "swarm_completed", "complete_ago", "trackers",
                    "download_rate", "upload_rate", "downloaded", "uploaded", "waiting_reads",
                    "state", "web_seeds",
                ])
        }
        #expect(torrents[0]["infohash_v2"] is NSNull)
        #expect(torrents[0]["size"] as? Int == 5_000_000_000)
    }

    @Test(arguments: [ControlReply.status(.sample()), .acknowledged, .failed("no \"luck\"\n")])
    func `a reply survives encoding, on one line`(reply: ControlReply) throws {
        let line = reply.encoded
        #expect(!line.contains(UInt8(ascii: "\n")))
        #expect(try ControlReply(parsing: line) == reply)
    }

    @Test func `no truncation of a reply is taken for one`() {
        let line = ControlReply.status(.sample()).encoded
        for length in 0..<line.count {
            #expect(throws: ControlError.malformedReply) {
                try ControlReply(parsing: Array(line[..<length]))
            }
        }
    }

    @Test func `a report without mounts is still an object`() throws {
        #expect(try object(StatusReport(mounts: []).json)["mounts"]?.isEmpty == true)
    }

    private func object(_ json: String) throws -> [String: [[String: Any]]] {
        try #require(
            JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: [[String: Any]]])
    }
}
