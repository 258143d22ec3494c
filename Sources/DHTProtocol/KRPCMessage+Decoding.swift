import Bencode
import TorrentCore

extension KRPCMessage {
    /// Depth and number of values: a `values` list fills a datagram with one value in 8 bytes, and an
    /// item (BEP 44) nests as its owner likes.
    private static let limits = BencodeLimits(depth: 16, tokens: 2048, bytes: receiveLimit)

    /// Reads a datagram. It may lack the version, and anything unknown is skipped.
    package init(decoding datagram: [UInt8]) throws(KRPCDecodingError) {
        let document: BencodeDocument
        do throws(BencodeError) {
            document = try BencodeDocument(parsing: datagram, limits: Self.limits)
        } catch {
            throw .malformed
        }
        let root = KRPCFields(document: document, node: document.root)
        guard let transaction = root.bytes("t"), transaction.count <= Self.transactionLimit,
            let kind = root.bytes("y")
        else { throw .malformed }
        self.transaction = transaction
        version = root.bytes("v").flatMap { $0.count <= 16 ? $0 : nil }
        externalEndpoint = root.bytes("ip").flatMap { Endpoint(compact: $0) }
        isReadOnly = root.integer("ro") == 1
        switch kind {
        case [UInt8(ascii: "q")]:
            guard let method = root.bytes("q") else { throw .malformed }
            do throws(KRPCError) {
                body = try Self.query(String(decoding: method, as: UTF8.self), root.fields("a"))
            } catch {
                throw .refused(transaction: transaction, error)
            }
        case [UInt8(ascii: "r")]:
            guard let fields = root.fields("r"), let sender = fields.id("id") else {
                throw .malformed
            }
            body = .response(try Self.response(fields), sender: sender)
        case [UInt8(ascii: "e")]:
            body = .error(Self.error(root))
        default:
            throw .malformed
        }
    }

    private static func query(
        _ method: String, _ fields: KRPCFields?
    ) throws(KRPCError) -> Body {
        guard let fields, let sender = fields.id("id") else { throw .invalidArguments }
        let query: DHTQuery
        switch method {
        case "ping":
            query = .ping
        case "get_peers":
            guard let hash = fields.digest("info_hash") else { throw .invalidArguments }
            query = .getPeers(
                infoHash: hash, want: fields.want, noSeeds: fields.integer("noseed") == 1,
                scrape: fields.integer("scrape") == 1)
        case "announce_peer":
            query = try announce(fields)
        case "get":
            guard let target = fields.id("target") else { throw .invalidArguments }
            query = .get(target: target, sequence: fields.integer("seq"), want: fields.want)
        case "put":
            query = try put(fields)
        case "sample_infohashes":
            guard let target = fields.id("target") else { throw .invalidArguments }
            query = .sampleInfohashes(target: target, want: fields.want)
        default:
            // What a later extension asks of a place is answered with the nodes that are closest to
            // it, so that its lookups pass through nodes that do not know it.
            guard let target = fields.id("target") ?? fields.id("info_hash") else {
                throw method == "find_node" ? .invalidArguments : .unknownMethod
            }
            query = .findNode(target: target, want: fields.want)
        }
        return .query(query, sender: sender)
    }

    private static func announce(_ fields: KRPCFields) throws(KRPCError) -> DHTQuery {
        guard let hash = fields.digest("info_hash"), let token = fields.bytes("token") else {
            throw .invalidArguments
        }
        let isPortImplied = fields.integer("implied_port") ?? 0 != 0
        let port = fields.integer("port").flatMap { UInt16(exactly: $0) } ?? 0
        guard isPortImplied || port != 0 else { throw .invalidArguments }
        return .announcePeer(
            infoHash: hash, port: port, isPortImplied: isPortImplied, token: token,
            isSeed: fields.integer("seed") == 1)
    }

    private static func put(_ fields: KRPCFields) throws(KRPCError) -> DHTQuery {
        guard let token = fields.bytes("token"), let value = fields.encoded("v") else {
            throw .invalidArguments
        }
        guard value.count <= DHTItem.valueLimit else { throw .valueTooBig }
        do throws(BencodeError) {
            var limits = limits
            limits.requiresSortedKeys = true
            _ = try BencodeDocument(parsing: value, limits: limits)
        } catch {
            throw .invalidArguments
        }
        guard let key = fields.bytes("k") else {
            return .put(.immutable(value: value), token: token)
        }
        let salt = fields.bytes("salt") ?? []
        guard salt.count <= MutableItem.saltLimit else { throw .saltTooBig }
        guard key.count == MutableItem.keyLength, let signature = fields.bytes("sig"),
            signature.count == MutableItem.signatureLength, let sequence = fields.integer("seq"),
            sequence >= 0
        else { throw .invalidArguments }
        let item = MutableItem(
            key: key, salt: salt, sequence: sequence, value: value, signature: signature)
        return .put(.mutable(item), expected: fields.integer("cas"), token: token)
    }

    private static func response(_ fields: KRPCFields) throws(KRPCDecodingError) -> DHTResponse {
        var response = DHTResponse()
        response.nodes = try fields.contacts("nodes", .v4)
        response.nodes6 = try fields.contacts("nodes6", .v6)
        response.peers = fields.list("values").compactMap { Endpoint(compact: $0) }
        response.token = fields.bytes("token").flatMap { $0.count <= tokenLimit ? $0 : nil }
        response.value = fields.encoded("v")
        response.key = fields.bytes("k", count: MutableItem.keyLength)
        response.signature = fields.bytes("sig", count: MutableItem.signatureLength)
        response.sequence = fields.integer("seq")
        response.seedFilter = fields.bytes("BFsd", count: AddressFilter.byteCount)
        response.peerFilter = fields.bytes("BFpe", count: AddressFilter.byteCount)
        if let samples = fields.bytes("samples"),
            samples.count.isMultiple(of: SHA1Digest.byteCount)
        {
            response.samples = stride(from: 0, to: samples.count, by: SHA1Digest.byteCount)
                .compactMap { SHA1Digest(samples[$0..<$0 + SHA1Digest.byteCount]) }
        }
        response.sampleCount = fields.integer("num").flatMap { Int(exactly: $0) }
        response.sampleInterval = fields.integer("interval").flatMap { Int(exactly: $0) }
        return response
    }

    private static func error(_ root: KRPCFields) -> KRPCError {
        let (code, text) = root.error
        return KRPCError(code: Int(exactly: code) ?? 201, message: text)
    }
}
