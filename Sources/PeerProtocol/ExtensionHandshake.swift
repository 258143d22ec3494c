import Bencode
package import TorrentCore

/// The dictionary by which a client says which extensions it takes, and what it is (BEP 10).
///
/// All of it is optional, and values that make no sense count as absent.
package struct ExtensionHandshake: Equatable, Sendable {
    /// The longest client name that is kept, in bytes.
    static let maximumNameLength = 100
    /// The most requests that a peer is believed to keep; beyond it the number means nothing.
    static let maximumRequestLimit = 1 << 16
    /// Longer ago than this, a hundred years, BitTorrent was not there.
    static let longestAgo = Int64(100 * 365 * 24 * 3600)

    /// The sender's number for `ut_metadata` (BEP 9); 0 switches it off, nil says nothing.
    package var metadataID: UInt8?
    /// The sender's number for `lt_donthave` (BEP 54).
    package var dontHaveID: UInt8?
    /// The sender's number for `sf_fetching`; see `ExtensionID`.
    package var fetchingID: UInt8?
    /// The sender's number for `upload_only` (BEP 21).
    package var uploadOnlyID: UInt8?
    /// The sender's number for `ut_pex` (BEP 11).
    package var peerExchangeID: UInt8?
    /// The sender's number for `ut_holepunch` (BEP 55).
    package var holepunchID: UInt8?
    /// `p`: the port at which the sender accepts connections.
    package var listenPort: UInt16?
    /// `v`: the sender's name and version, without control characters.
    package var clientName: String?
    /// `reqq`: how many requests the sender keeps.
    package var requestLimit: Int?
    /// `yourip`: the receiver's address as the sender sees it.
    package var yourAddress: IPAddress?
    /// `metadata_size`: length of the info dictionary in bytes, where the sender has it (BEP 9).
    package var metadataSize: Int?
    /// `upload_only`: whether the sender downloads nothing more (BEP 21).
    package var isUploadOnly: Bool?
    /// `complete_ago`: seconds since the sender last saw that somebody had everything, as libtorrent
    /// tells it; nil where it never has.
    package var completeAgo: Int?
    /// `ipv4`: an IPv4 address of the sender.
    package var addressV4: IPAddress?
    /// `ipv6`: an IPv6 address of the sender.
    package var addressV6: IPAddress?

    /// A handshake that says nothing.
    package init() {}

    /// Reads the payload of an extended message 0; throws where it is no dictionary. What follows
    /// the dictionary is ignored, as is the order of keys.
    package init(parsing payload: [UInt8]) throws(PeerCloseReason) {
        let root: BencodeValue
        do {
            root = try BencodeDocument(prefixOf: payload, limits: .message).rootValue
        } catch {
            throw .invalidExtensionHandshake
        }
        guard root.kind == .dictionary else { throw .invalidExtensionHandshake }
        if let table = root["m"] {
            metadataID = Self.identifier(table["ut_metadata"])
            dontHaveID = Self.identifier(table["lt_donthave"])
            fetchingID = Self.identifier(table["sf_fetching"])
            uploadOnlyID = Self.identifier(table["upload_only"])
            holepunchID = Self.identifier(table["ut_holepunch"])
            peerExchangeID = Self.identifier(table["ut_pex"])
        }
        listenPort = root["p"]?.integer.flatMap { $0 > 0 ? UInt16(exactly: $0) : nil }
        clientName = root["v"]?.bytes.map(Self.printable)
        requestLimit = root["reqq"]?.integer.flatMap {
            $0 > 0 ? Int(min($0, Int64(Self.maximumRequestLimit))) : nil
        }
        yourAddress = root["yourip"]?.bytes.flatMap { IPAddress($0) }
        metadataSize = root["metadata_size"]?.integer.flatMap {
            $0 > 0 && $0 <= MetadataMessage.maximumSize ? Int($0) : nil
        }
        isUploadOnly = root["upload_only"]?.integer.map { $0 != 0 }
        completeAgo = root["complete_ago"]?.integer.flatMap {
            $0 >= 0 && $0 <= Self.longestAgo ? Int($0) : nil
        }
        addressV4 = root["ipv4"]?.bytes.flatMap { $0.count == 4 ? IPAddress($0) : nil }
        addressV6 = root["ipv6"]?.bytes.flatMap { $0.count == 16 ? IPAddress($0) : nil }
    }

    /// The payload of an extended message 0.
    package func encoded() -> [UInt8] {
        var writer = BencodeWriter()
        writer.beginDictionary()
        Self.write(completeAgo, "complete_ago", &writer)
        Self.write(addressV4?.bytes, "ipv4", &writer)
        Self.write(addressV6?.bytes, "ipv6", &writer)
        writer.key("m")
        writer.beginDictionary()
        Self.write(dontHaveID, "lt_donthave", &writer)
        Self.write(fetchingID, "sf_fetching", &writer)
        Self.write(uploadOnlyID, "upload_only", &writer)
        Self.write(holepunchID, "ut_holepunch", &writer)
        Self.write(metadataID, "ut_metadata", &writer)
        Self.write(peerExchangeID, "ut_pex", &writer)
        writer.endDictionary()
        Self.write(metadataSize, "metadata_size", &writer)
        Self.write(listenPort, "p", &writer)
        Self.write(requestLimit, "reqq", &writer)
        Self.write(isUploadOnly.map { $0 ? 1 : 0 }, "upload_only", &writer)
        Self.write(clientName.map { Array($0.utf8) }, "v", &writer)
        Self.write(yourAddress?.bytes, "yourip", &writer)
        writer.endDictionary()
        return writer.bytes
    }

    private static func write(
        _ value: (some BinaryInteger)?, _ key: String, _ writer: inout BencodeWriter
    ) {
        guard let value else { return }
        writer.key(key)
        writer.integer(value)
    }

    private static func write(_ value: [UInt8]?, _ key: String, _ writer: inout BencodeWriter) {
        guard let value else { return }
        writer.key(key)
        writer.string(value)
    }

    private static func identifier(_ value: BencodeValue?) -> UInt8? {
        value?.integer.flatMap { UInt8(exactly: $0) }
    }

    /// The name goes to logs and terminals, so control characters are left out.
    private static func printable(_ bytes: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: bytes.prefix(maximumNameLength), as: UTF8.self)
            .unicodeScalars where !scalar.isControl
        {
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
