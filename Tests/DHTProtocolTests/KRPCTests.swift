import DHTProtocol
import Testing
import TorrentCore

@Suite("KRPC (BEP 5, 32, 33, 43, 44, 51)")
struct KRPCTests {
    private static func id(_ text: String) throws -> NodeID {
        try #require(NodeID(Array(text.utf8)))
    }

    private static func hash(_ text: String) throws -> SHA1Digest {
        try #require(SHA1Digest(Array(text.utf8)))
    }

    private static func query(_ query: DHTQuery) throws -> KRPCMessage {
        KRPCMessage(
            transaction: Array("aa".utf8),
            body: .query(query, sender: try id("abcdefghij0123456789")))
    }

    /// Both ways between a message and its text.
    private func expect(_ message: KRPCMessage, _ text: String) throws {
        #expect(String(decoding: message.encoded, as: UTF8.self) == text)
        #expect(try KRPCMessage(decoding: Array(text.utf8)) == message)
    }

    @Test("the BEP's ping")
    func ping() throws {
        try expect(
            Self.query(.ping), "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe")
        try expect(
            KRPCMessage(
                transaction: Array("aa".utf8),
                body: .response(DHTResponse(), sender: Self.id("mnopqrstuvwxyz123456"))),
            "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re")
    }

    @Test("the BEP's find_node")
    func findNode() throws {
        try expect(
            Self.query(.findNode(target: Self.id("mnopqrstuvwxyz123456"))),
            "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e"
                + "1:q9:find_node1:t2:aa1:y1:qe")
    }

    @Test("the BEP's get_peers, and its answer with peers")
    func getPeers() throws {
        try expect(
            Self.query(.getPeers(infoHash: Self.hash("mnopqrstuvwxyz123456"))),
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e"
                + "1:q9:get_peers1:t2:aa1:y1:qe")
        var response = DHTResponse()
        response.token = Array("aoeusnth".utf8)
        response.peers = [
            try #require(Endpoint("97.120.106.101:11893")),
            try #require(Endpoint("105.100.104.116:28269")),
        ]
        try expect(
            KRPCMessage(
                transaction: Array("aa".utf8),
                body: .response(response, sender: Self.id("abcdefghij0123456789"))),
            "d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnme"
                + "e1:t2:aa1:y1:re")
    }

    @Test("the BEP's announce_peer: the port that it comes from counts, where it says so")
    func announcePeer() throws {
        let hash = try Self.hash("mnopqrstuvwxyz123456")
        let token = Array("aoeusnth".utf8)
        try expect(
            Self.query(.announcePeer(infoHash: hash, port: 6881, token: token)),
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e"
                + "5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe")
        try expect(
            Self.query(
                .announcePeer(infoHash: hash, port: 6881, isPortImplied: true, token: token)),
            "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz123456"
                + "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe")
    }

    @Test("the BEP's error")
    func error() throws {
        try expect(
            KRPCMessage(
                transaction: Array("aa".utf8),
                body: .error(KRPCError(code: 201, message: "A Generic Error Ocurred"))),
            "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee")
    }

    @Test("version, external address and read-only flag stand where they belong")
    func envelope() throws {
        var message = try Self.query(.ping)
        message.isReadOnly = true
        message.version = Array("UT01".utf8)
        try expect(
            message, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping2:roi1e1:t2:aa1:v4:UT011:y1:qe")
        var answer = KRPCMessage(
            transaction: [1],
            body: .response(DHTResponse(), sender: try Self.id("abcdefghij0123456789")))
        answer.externalEndpoint = Endpoint("[2001:db8::1]:6881")
        #expect(try KRPCMessage(decoding: answer.encoded) == answer)
    }

    @Test("every query and field survives the way there and back")
    func roundTrip() throws {
        let id = try Self.id("mnopqrstuvwxyz123456")
        let hash = try Self.hash("mnopqrstuvwxyz123456")
        let mutable = MutableItem(
            key: [UInt8](repeating: 1, count: 32), salt: [2, 3], sequence: 4,
            value: Array("d1:ai1ee".utf8), signature: [UInt8](repeating: 5, count: 64))
        let queries: [DHTQuery] = [
            .findNode(target: id, want: [.v4, .v6]),
            .getPeers(infoHash: hash, want: .v6, noSeeds: true, scrape: true),
            .announcePeer(infoHash: hash, port: 0, isPortImplied: true, token: [], isSeed: true),
            .get(target: id, sequence: 3, want: .v4),
            .put(.immutable(value: Array("i1e".utf8)), token: [9]),
            .put(.mutable(mutable), expected: 3, token: [9]),
            .sampleInfohashes(target: id),
        ]
        for query in queries {
            let message = try Self.query(query)
            #expect(try KRPCMessage(decoding: message.encoded) == message)
        }
        var response = DHTResponse()
        response.nodes = [NodeContact(id: id, endpoint: try #require(Endpoint("1.2.3.4:5")))]
        response.nodes6 = [
            NodeContact(id: id, endpoint: try #require(Endpoint("[2001:db8::1]:5")))
        ]
        response.peers = [try #require(Endpoint("[2001:db8::2]:7"))]
        response.value = mutable.value
        response.key = mutable.key
        response.signature = mutable.signature
        response.sequence = 4
        response.seedFilter = [UInt8](repeating: 1, count: 256)
        response.peerFilter = [UInt8](repeating: 2, count: 256)
        response.samples = [hash]
        response.sampleCount = 1
        response.sampleInterval = 60
        let message = KRPCMessage(transaction: [0], body: .response(response, sender: id))
        #expect(try KRPCMessage(decoding: message.encoded) == message)
    }

    @Test(
        "what is broken is nothing to answer",
        arguments: [
            "", "x", "d", "de", "i1e", "le", "d1:t2:aae", "d1:t2:aa1:y1:qe", "d1:t2:aa1:y1:xe",
            "d1:rd2:id19:abcdefghij012345678e1:t2:aa1:y1:re",
            "d1:rd2:id20:abcdefghij01234567895:nodes3:abce1:t2:aa1:y1:re",
            "d1:rd2:id20:abcdefghij01234567895:nodes-1:e1:t2:aa1:y1:re",
            "d1:rd2:id20:abcdefghij0123456789e1:t33:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1:y1:re",
            String(repeating: "d1:a", count: 40),
            "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qex",
        ])
    func broken(text: String) {
        #expect(throws: KRPCDecodingError.malformed) {
            try KRPCMessage(decoding: Array(text.utf8))
        }
    }

    @Test(
        "a query that is wrong is told so",
        arguments: [
            ("d1:ade1:q4:ping1:t2:aa1:y1:qe", KRPCError.invalidArguments),
            ("d1:q4:ping1:t2:aa1:y1:qe", .invalidArguments),
            ("d1:ad2:id20:abcdefghij0123456789e1:q9:get_peers1:t2:aa1:y1:qe", .invalidArguments),
            ("d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:aa1:y1:qe", .invalidArguments),
            ("d1:ad2:id20:abcdefghij0123456789e1:q5:teach1:t2:aa1:y1:qe", .unknownMethod),
            (
                "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti0e"
                    + "5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe", .invalidArguments
            ),
            (
                "d1:ad2:id20:abcdefghij01234567895:token1:x1:vd1:b0:1:a0:ee1:q3:put1:t2:aa1:y1:qe",
                .invalidArguments
            ),
            (
                "d1:ad2:id20:abcdefghij01234567895:token1:x1:v1001:"
                    + String(repeating: "v", count: 1001) + "e1:q3:put1:t2:aa1:y1:qe", .valueTooBig
            ),
        ])
    func refused(text: String, error: KRPCError) {
        #expect(throws: KRPCDecodingError.refused(transaction: Array("aa".utf8), error)) {
            try KRPCMessage(decoding: Array(text.utf8))
        }
    }

    @Test("a query of a later extension is answered like find_node")
    func unknownQuery() throws {
        let text =
            "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e"
            + "1:q5:teach1:t2:aa1:y1:qe"
        #expect(
            try KRPCMessage(decoding: Array(text.utf8))
                == Self.query(.findNode(target: Self.id("mnopqrstuvwxyz123456"))))
    }

    @Test("an IPv4 address dressed as IPv6 is no node of the IPv6 DHT")
    func mapped() throws {
        let id = try Self.id("mnopqrstuvwxyz123456")
        let mapped = id.bytes + [UInt8](repeating: 0, count: 10) + [255, 255, 1, 2, 3, 4, 5, 6]
        let text =
            Array("d1:rd2:id20:abcdefghij01234567896:nodes638:".utf8) + mapped
            + Array("e1:t2:aa1:y1:re".utf8)
        guard case .response(let response, _) = try KRPCMessage(decoding: text).body else {
            Issue.record("no response")
            return
        }
        #expect(response.nodes6 == [])
    }
}
