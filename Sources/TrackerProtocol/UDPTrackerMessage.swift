import TorrentCore

/// The datagrams of the UDP tracker protocol (BEP 15, BEP 41).
///
///     connect request   magic 8 | action 4 = 0 | transaction 4
///     connect reply     action 4 = 0 | transaction 4 | connection 8
///     announce request  connection 8 | action 4 = 1 | transaction 4 | infohash 20 | peer id 20
///                       | downloaded 8 | left 8 | uploaded 8 | event 4 | address 4 = 0 | key 4
///                       | peers wanted 4 | port 2 | options (BEP 41)
///     announce reply    action 4 = 1 | transaction 4 | interval 4 | leechers 4 | seeders 4
///                       | peers, 6 or 18 bytes each
///     scrape request    connection 8 | action 4 = 2 | transaction 4 | infohash 20 each
///     scrape reply      action 4 = 2 | transaction 4 | seeders 4, completed 4, leechers 4 each
///     error             action 4 = 3 | transaction 4 | message
///
/// "Clients and trackers should not assume packets to be of a certain size": replies may be longer.
enum UDPTrackerMessage {
    /// What a connect request starts with.
    static let magic: UInt64 = 0x417_2710_1980
    /// Most infohashes in one scrape (BEP 15).
    static let scrapeLimit = 74
    /// Most bytes in one URLData option; longer data goes into several (BEP 41).
    private static let optionLimit = 255
    private static let urlDataOption: UInt8 = 2

    /// The `action` field.
    enum Action: UInt32 {
        case connect, announce, scrape, error
    }

    static func connect(transaction: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(magic)
        bytes.appendBigEndian(Action.connect.rawValue)
        bytes.appendBigEndian(transaction)
        return bytes
    }

    static func announce(
        _ request: AnnounceRequest, urlData: [UInt8], connection: UInt64, transaction: UInt32
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(98 + urlData.count + 16)
        bytes.appendBigEndian(connection)
        bytes.appendBigEndian(Action.announce.rawValue)
        bytes.appendBigEndian(transaction)
        bytes += request.infoHash.bytes
        bytes += request.peerID.bytes
        bytes.appendBigEndian(max(0, request.downloaded))
        bytes.appendBigEndian(max(0, request.left))
        bytes.appendBigEndian(max(0, request.uploaded))
        bytes.appendBigEndian(request.event.rawValue)
        bytes.appendBigEndian(UInt32(0))  // Our address: the one the datagram comes from.
        bytes.appendBigEndian(request.key)
        bytes.appendBigEndian(UInt32(request.wantedPeerCount))
        bytes.appendBigEndian(request.port)
        var rest = urlData[...]
        while !rest.isEmpty {
            let part = rest.prefix(optionLimit)
            bytes += [urlDataOption, UInt8(part.count)]
            bytes += part
            rest = rest.dropFirst(part.count)
        }
        return bytes
    }

    static func scrape(_ hashes: [SHA1Digest], connection: UInt64, transaction: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(connection)
        bytes.appendBigEndian(Action.scrape.rawValue)
        bytes.appendBigEndian(transaction)
        for hash in hashes { bytes += hash.bytes }
        return bytes
    }

    /// What follows the action and the transaction in an announce reply. `isV6` is the family of
    /// the tracker's address, which decides the size of a peer.
    static func announceResponse(
        _ body: Span<UInt8>, isV6: Bool
    ) throws(TrackerError) -> AnnounceResponse {
        var reader = ByteReader(body)
        guard let interval = reader.read(Int32.self), let leechers = reader.read(Int32.self),
            let seeders = reader.read(Int32.self),
            let peers = reader.readSpan(reader.remaining)
        else { throw .malformed("an announce reply of \(body.count + 8) bytes") }
        return AnnounceResponse(
            intervalSeconds: Int64(interval),
            peers: AnnounceResponse.peers(compact: peers, stride: isV6 ? 18 : 6),
            seeders: Int(max(0, seeders)), leechers: Int(max(0, leechers)))
    }

    /// What follows the action and the transaction in a scrape reply, for as many torrents as
    /// were asked for.
    static func scrapeResponse(
        _ body: Span<UInt8>, count: Int
    ) throws(TrackerError) -> [ScrapeEntry] {
        var reader = ByteReader(body)
        var entries: [ScrapeEntry] = []
        while entries.count < count {
            guard let seeders = reader.read(Int32.self), let completed = reader.read(Int32.self),
                let leechers = reader.read(Int32.self)
            else { throw .malformed("a scrape reply of \(body.count + 8) bytes") }
            entries.append(
                ScrapeEntry(
                    seeders: Int(seeders), completed: Int(completed), leechers: Int(leechers)))
        }
        return entries
    }
}
