import Bencode
import TorrentCore

extension HTTPAnnounce {
    /// Longest `tracker id` kept, in bytes: it goes into every later URL.
    private static let trackerIDLimit = 256

    /// Reads an announce's reply: peers as a string (BEP 23), as a list of dictionaries (BEP 3),
    /// and as `peers6` (BEP 7); any of them may be missing. Bytes after the dictionary are
    /// ignored. Throws `refused` for a failure reason and `malformed` for anything that is no
    /// bencoded dictionary.
    package static func parse(_ bytes: [UInt8]) throws(TrackerError) -> AnnounceResponse {
        let reply = try dictionary(bytes)
        let document = reply.document
        var peers: [Endpoint] = []
        if let node = reply["peers"]?.node {
            if let range = document.stringRange(node) {
                peers += AnnounceResponse.peers(
                    compact: document.bytes.span.extracting(range), stride: 6)
            } else {
                peers += Self.peers(listedIn: document, node)
            }
        }
        if let node = reply["peers6"]?.node, let range = document.stringRange(node) {
            peers += AnnounceResponse.peers(
                compact: document.bytes.span.extracting(range), stride: 18,
                limit: AnnounceResponse.peerLimit - peers.count)
        }
        return AnnounceResponse(
            intervalSeconds: reply["interval"]?.integer,
            minIntervalSeconds: reply["min interval"]?.integer,
            peers: peers,
            seeders: count(reply["complete"]), leechers: count(reply["incomplete"]),
            trackerID: reply["tracker id"]?.bytes.flatMap {
                $0.count <= trackerIDLimit ? $0 : nil
            },
            warning: (reply["warning message"]?.bytes).map(TrackerText.clean),
            externalAddress: reply["external ip"]?.bytes.flatMap {
                IPAddress($0) ?? IPAddress(String(decoding: $0, as: UTF8.self))
            })
    }

    /// A reply's outermost dictionary; throws `refused` where it holds a failure reason (BEP 31).
    static func dictionary(_ bytes: [UInt8]) throws(TrackerError) -> BencodeValue {
        let reply: BencodeValue
        do throws(BencodeError) {
            reply = try BencodeDocument(prefixOf: bytes, limits: .message).rootValue
        } catch {
            throw .malformed(error.description)
        }
        guard reply.kind == .dictionary else { throw .malformed("not a dictionary") }
        if let reason = reply["failure reason"] {
            throw .refused(
                reason: TrackerText.clean(reason.bytes ?? []), retry: advice(reply["retry in"]))
        }
        return reply
    }

    private static func advice(_ value: BencodeValue?) -> TrackerError.RetryAdvice {
        if value?.text == "never" { return .never }
        guard let minutes = value?.integer, minutes > 0 else { return .unspecified }
        // Bounded before it is multiplied; the state machine has a lower bound of its own.
        return .after(.seconds(Double(min(minutes, 7 * 24 * 60)) * 60))
    }

    /// A count; nil where it is no number, zero where it is negative.
    static func count(_ value: BencodeValue?) -> Int? {
        value?.integer.map { Int(clamping: max(0, $0)) }
    }

    /// Peers in the long form. Host names are passed over: a tracker knows addresses.
    private static func peers(
        listedIn document: BencodeDocument, _ list: BencodeNode
    ) -> [Endpoint] {
        var peers: [Endpoint] = []
        var element = document.firstElement(list)
        while let entry = element, peers.count < AnnounceResponse.peerLimit {
            element = document.nextElement(after: entry)
            guard let ip = document.value(entry, "ip"), let text = document.text(ip),
                let address = IPAddress(text),
                let portNode = document.value(entry, "port"),
                let number = document.integer(portNode), let port = UInt16(exactly: number)
            else { continue }
            let peer = Endpoint(address: address, port: port)
            if AnnounceResponse.isDiallable(peer) { peers.append(peer) }
        }
        return peers
    }
}
