import PeerProtocol
import Testing
import TorrentCore

@Suite("Handshake (BEP 3)")
struct HandshakeTests {
    private let sample = Connection.handshake([.fast, .extensionProtocol])

    @Test func `a handshake has the bytes that BEP 3 gives it`() {
        let bytes = sample.bytes
        #expect(bytes.count == 68)
        #expect(bytes[0] == 19)
        #expect(Array(bytes[1..<20]) == Array("BitTorrent protocol".utf8))
        #expect(Array(bytes[20..<28]) == [0, 0, 0, 0, 0, 0x10, 0, 0x04])
        #expect(Array(bytes[28..<48]) == Array(repeating: 0x11, count: 20))
        #expect(Array(bytes[48...]) == Array("-XX0001-remoteremote".utf8))
    }

    @Test func `a handshake survives a round trip, with bits that nobody knows`() throws {
        let strange = Handshake(
            infoHash: sample.infoHash, peerID: sample.peerID,
            reserved: ReservedBits(rawValue: 0x8123_4567_89AB_CDEF))
        #expect(try Handshake(strange.bytes) == strange)
    }

    @Test func `no other length is a handshake`() {
        for count in 0..<68 {
            #expect(throws: PeerCloseReason.notBitTorrent) {
                try Handshake(Array(sample.bytes.prefix(count)))
            }
        }
        #expect(throws: PeerCloseReason.notBitTorrent) {
            try Handshake((sample.bytes + [0]))
        }
    }

    @Test func `a handshake starts with the protocol's name, to the letter`() {
        for index in 0..<20 {
            var bytes = sample.bytes
            bytes[index] ^= 1
            #expect(throws: PeerCloseReason.notBitTorrent) {
                try Handshake(bytes)
            }
            #expect(!Handshake.couldStart(Array(bytes.prefix(index + 1))))
            #expect(Handshake.couldStart(Array(bytes.prefix(index))))
        }
    }
}

@Suite("Opening a connection")
struct OpeningTests {
    @Test func `an outgoing connection sends its handshake first`() throws {
        let connection = Connection(role: .outgoing(Connection.identity))
        let handshake = try Handshake(connection.output())
        #expect(handshake.infoHash == Connection.hash)
        #expect(handshake.reserved == [.fast, .extensionProtocol])
    }

    @Test func `an incoming connection sends nothing before it is accepted`() {
        let connection = Connection()
        let actions = connection.receive(bytes: Connection.handshake().bytes)
        #expect(actions == [.handshakeReceived(Connection.handshake())])
        #expect(connection.output().isEmpty)
        #expect(!connection.machine.isHandshaken)
    }

    @Test func `nothing is read past the handshake until it is accepted`() {
        let connection = Connection()
        var stream = Connection.handshake().bytes
        PeerMessageEncoder.append(.interested, to: &stream)
        #expect(connection.receive(bytes: stream).count == 1)
        #expect(connection.unread.count == 5)
        connection.machine.accept(
            identity: Connection.identity, geometry: nil, have: nil, metadataSize: nil,
            now: .zero)
        #expect(connection.receive(bytes: []) == [.interested])
    }

    @Test func `accepting answers with the handshake, what we have, and the extensions`() throws {
        let connection = Connection()
        _ = connection.receive(bytes: Connection.handshake().bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: Connection.geometry, have: pieces("*-*--"),
            metadataSize: 300, remoteAddress: IPAddress("10.1.2.3"),
            addresses: [
                try #require(IPAddress("2001:db8::7")), try #require(IPAddress("203.0.113.7")),
            ], completeAgo: 90, now: .zero)
        let output = connection.output()
        let handshake = try Handshake(Array(output.prefix(68)))
        #expect(handshake.infoHash == Connection.hash)
        let messages = Connection.messages(Array(output.dropFirst(68)))
        #expect(messages.count == 2)
        #expect(messages.first == .bitfield([0b1010_0000]))
        guard case .extended(0, let payload) = messages.last else {
            Issue.record("no extension handshake")
            return
        }
        let extensions = try ExtensionHandshake(parsing: payload)
        #expect(extensions.metadataID == ExtensionID.metadata)
        #expect(extensions.dontHaveID == ExtensionID.dontHave)
        #expect(extensions.fetchingID == ExtensionID.fetching)
        #expect(extensions.metadataSize == 300)
        #expect(extensions.listenPort == 7001)
        #expect(extensions.requestLimit == 500)
        #expect(extensions.clientName == "swarmfs test")
        #expect(extensions.yourAddress == IPAddress("10.1.2.3"))
        #expect(extensions.addressV4 == IPAddress("203.0.113.7"))
        #expect(extensions.addressV6 == IPAddress("2001:db8::7"))
        #expect(extensions.completeAgo == 90)
        #expect(extensions.isUploadOnly == nil)
    }

    /// It reads what came in one datagram with our handshake only when it receives more.
    @Test(arguments: [("-TR3000-remoteremote", true), ("-XX0001-remoteremote", false)])
    func `Transmission gets a keep-alive once it has read our handshake`(
        id: String, isWoken: Bool
    ) {
        let connection = Connection()
        let handshake = Handshake(
            infoHash: Connection.hash, peerID: Connection.peerID(id),
            reserved: [.fast, .extensionProtocol])
        _ = connection.receive(bytes: handshake.bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: Connection.geometry, have: pieces("*****"),
            metadataSize: nil, now: .zero)
        #expect(connection.output().count > 68)
        _ = connection.receive(.haveNone)
        #expect(connection.sent() == (isWoken ? [.keepAlive] : []))
        _ = connection.receive(.interested)
        #expect(connection.sent().isEmpty)
    }

    @Test func `a peer that answers for another torrent is closed`() {
        let connection = Connection(role: .outgoing(Connection.identity))
        let other = Connection.handshake(hash: Connection.digest(0x22))
        #expect(connection.receive(bytes: other.bytes).closeReason == .wrongInfoHash)
    }

    @Test func `a hybrid torrent may be answered with either hash`() throws {
        let v2 = try #require(SHA256Digest(Array(repeating: 0x33, count: 32)))
        let identity = TorrentIdentity(v2: v2, v1: Connection.hash)
        for hash in [Connection.hash, v2.truncated] {
            let connection = Connection(role: .outgoing(identity))
            let handshake = Connection.handshake(hash: hash)
            #expect(connection.receive(bytes: handshake.bytes) == [.handshakeReceived(handshake)])
        }
    }

    @Test func `the reply names the torrent by the hash that the peer used`() throws {
        let v2 = try #require(SHA256Digest(Array(repeating: 0x33, count: 32)))
        let connection = Connection()
        _ = connection.receive(bytes: Connection.handshake(hash: v2.truncated).bytes)
        connection.machine.accept(
            identity: TorrentIdentity(v2: v2, v1: Connection.hash), geometry: nil, have: nil,
            metadataSize: nil, now: .zero)
        let reply = Array(connection.output().prefix(68))
        #expect(try Handshake(reply).infoHash == v2.truncated)
    }

    @Test func `the first byte of something else closes`() {
        let connection = Connection()
        #expect(connection.receive(bytes: [0x16]).closeReason == .notBitTorrent)
        #expect(connection.receive(bytes: [19]).isEmpty)
    }

    @Test func `with the fast extension exactly one message says what we have`() {
        let cases: [(Bitfield?, PeerMessage)] = [
            (nil, .haveNone), (pieces("-----"), .haveNone), (pieces("*****"), .haveAll),
            (pieces("-*---"), .bitfield([0b0100_0000])),
        ]
        for (have, message) in cases {
            #expect(Self.opening([.fast], have) == [message])
        }
    }

    @Test func `without the fast extension only something is worth a bitfield`() {
        #expect(Self.opening([], nil).isEmpty)
        #expect(Self.opening([], pieces("-----")).isEmpty)
        #expect(Self.opening([], pieces("*****")) == [.bitfield([0b1111_1000])])
    }

    @Test func `nothing is claimed before the metadata is there`() {
        #expect(Self.opening([.fast], pieces("*****"), geometry: nil) == [.haveNone])
        #expect(Self.opening([], pieces("*****"), geometry: nil).isEmpty)
    }

    @Test func `upload-only is said where the owner says so`() throws {
        for isUploadOnly in [true, false] {
            let connection = Connection(role: .outgoing(Connection.identity))
            _ = connection.output()
            _ = connection.receive(bytes: Connection.handshake([.extensionProtocol]).bytes)
            connection.machine.accept(
                identity: Connection.identity, geometry: Connection.geometry,
                have: pieces("*****"), metadataSize: 1, isUploadOnly: isUploadOnly, now: .zero)
            guard case .extended(0, let payload) = connection.sent().last else {
                Issue.record("no extension handshake")
                return
            }
            let handshake = try ExtensionHandshake(parsing: payload)
            #expect(handshake.isUploadOnly == (isUploadOnly ? true : nil))
        }
    }

    @Test func `commands before the handshake and after the end do nothing`() {
        var connection = Connection()
        Self.everyCommand(connection)
        #expect(connection.output().isEmpty)
        connection = .open()
        connection.machine.disconnected()
        Self.everyCommand(connection)
        #expect(connection.output().isEmpty)
        #expect(connection.actions().isEmpty)
    }

    private static func everyCommand(_ connection: Connection) {
        connection.machine.unchoke()
        connection.machine.choke()
        connection.machine.setInterested(true)
        connection.machine.have(PieceIndex(0))
        connection.machine.dontHave(PieceIndex(0))
        connection.machine.request(block(0))
        connection.machine.cancel(block(0))
        connection.machine.reject(block(0))
        #expect(!connection.pieceHeader(block(0)))
        connection.machine.allowedFast(PieceIndex(0))
        connection.machine.requestMetadata(0)
        connection.machine.rejectMetadata(0)
        connection.machine.sendMetadata(piece: 0, totalSize: 1, bytes: [0])
    }

    private static func opening(
        _ reserved: ReservedBits, _ have: Bitfield?,
        geometry: PieceGeometry? = Connection.geometry
    ) -> [PeerMessage] {
        let connection = Connection(role: .outgoing(Connection.identity))
        _ = connection.output()
        _ = connection.receive(bytes: Connection.handshake(reserved).bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: geometry, have: have, metadataSize: nil,
            now: .zero)
        return connection.sent()
    }
}
