import Bencode
import TorrentCore

extension KRPCMessage {
    /// The datagram.
    package var encoded: [UInt8] {
        var writer = BencodeWriter()
        writer.reserveCapacity(256)
        writer.dictionary { writer in
            if case .query(let query, let sender) = body {
                writer.key("a")
                writer.dictionary { Self.encode(query, sender: sender, to: &$0) }
            }
            if case .error(let error) = body {
                writer.key("e")
                writer.list {
                    $0.integer(error.code)
                    $0.string(error.message)
                }
            }
            if let externalEndpoint { writer.pair("ip", externalEndpoint.compactBytes) }
            if case .query(let query, _) = body { writer.pair("q", Array(query.method.utf8)) }
            if case .response(let response, let sender) = body {
                writer.key("r")
                writer.dictionary { Self.encode(response, sender: sender, to: &$0) }
            }
            if isReadOnly { writer.pair("ro", 1) }
            writer.pair("t", transaction)
            if let version { writer.pair("v", version) }
            writer.key("y")
            switch body {
            case .query: writer.string("q")
            case .response: writer.string("r")
            case .error: writer.string("e")
            }
        }
        return writer.bytes
    }

    private static func encode(
        _ query: DHTQuery, sender: NodeID, to writer: inout BencodeWriter
    ) {
        switch query {
        case .ping:
            writer.pair("id", sender.bytes)
        case .findNode(let target, let want), .sampleInfohashes(let target, let want):
            writer.pair("id", sender.bytes)
            writer.pair("target", target.bytes)
            encode(want, to: &writer)
        case .getPeers(let infoHash, let want, let noSeeds, let scrape):
            writer.pair("id", sender.bytes)
            writer.pair("info_hash", infoHash.bytes)
            if noSeeds { writer.pair("noseed", 1) }
            if scrape { writer.pair("scrape", 1) }
            encode(want, to: &writer)
        case .announcePeer(let infoHash, let port, let isPortImplied, let token, let isSeed):
            writer.pair("id", sender.bytes)
            if isPortImplied { writer.pair("implied_port", 1) }
            writer.pair("info_hash", infoHash.bytes)
            writer.pair("port", Int64(port))
            if isSeed { writer.pair("seed", 1) }
            writer.pair("token", token)
        case .get(let target, let sequence, let want):
            writer.pair("id", sender.bytes)
            if let sequence { writer.pair("seq", sequence) }
            writer.pair("target", target.bytes)
            encode(want, to: &writer)
        case .put(.immutable(let value), _, let token):
            writer.pair("id", sender.bytes)
            writer.pair("token", token)
            writer.key("v")
            writer.encoded(value)
        case .put(.mutable(let item), let expected, let token):
            if let expected { writer.pair("cas", expected) }
            writer.pair("id", sender.bytes)
            writer.pair("k", item.key)
            if !item.salt.isEmpty { writer.pair("salt", item.salt) }
            writer.pair("seq", item.sequence)
            writer.pair("sig", item.signature)
            writer.pair("token", token)
            writer.key("v")
            writer.encoded(item.value)
        }
    }

    private static func encode(_ want: WantedFamilies, to writer: inout BencodeWriter) {
        guard !want.isEmpty else { return }
        writer.key("want")
        writer.list {
            if want.contains(.v4) { $0.string("n4") }
            if want.contains(.v6) { $0.string("n6") }
        }
    }

    private static func encode(
        _ response: DHTResponse, sender: NodeID, to writer: inout BencodeWriter
    ) {
        if let filter = response.peerFilter { writer.pair("BFpe", filter) }
        if let filter = response.seedFilter { writer.pair("BFsd", filter) }
        writer.pair("id", sender.bytes)
        if let interval = response.sampleInterval { writer.pair("interval", Int64(interval)) }
        if let key = response.key { writer.pair("k", key) }
        if let nodes = response.nodes { writer.pair("nodes", nodes.flatMap(\.compactBytes)) }
        if let nodes = response.nodes6 { writer.pair("nodes6", nodes.flatMap(\.compactBytes)) }
        if let count = response.sampleCount { writer.pair("num", Int64(count)) }
        if let samples = response.samples { writer.pair("samples", samples.flatMap(\.bytes)) }
        if let sequence = response.sequence { writer.pair("seq", sequence) }
        if let signature = response.signature { writer.pair("sig", signature) }
        if let token = response.token { writer.pair("token", token) }
        if let value = response.value {
            writer.key("v")
            writer.encoded(value)
        }
        if !response.peers.isEmpty {
            writer.key("values")
            writer.list { for peer in response.peers { $0.string(peer.compactBytes) } }
        }
    }
}

extension BencodeWriter {
    fileprivate mutating func pair(_ key: String, _ value: [UInt8]) {
        self.key(key)
        string(value)
    }

    fileprivate mutating func pair(_ key: String, _ value: Int64) {
        self.key(key)
        integer(value)
    }
}
