import PeerProtocol
import Testing
import TorrentCore

@Suite("Telling that nothing more is downloaded (BEP 21)")
struct UploadOnlyTests {
    @Test func `a change is told once, to those who understand it`() {
        let connection = Connection.open()
        connection.machine.setUploadOnly(true)
        #expect(connection.sent().isEmpty)
        connection.receiveExtensionHandshake { $0.uploadOnlyID = ExtensionID.uploadOnly }
        connection.machine.setUploadOnly(true)
        connection.machine.setUploadOnly(true)
        #expect(connection.sent() == [.extended(ExtensionID.uploadOnly, [1])])
        connection.machine.setUploadOnly(false)
        #expect(connection.sent() == [.extended(ExtensionID.uploadOnly, [0])])
    }

    @Test func `what the handshake said is not repeated`() {
        let connection = Connection()
        _ = connection.receive(bytes: Connection.handshake().bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: Connection.geometry,
            have: Bitfield(count: 5, allSet: true), metadataSize: nil, isUploadOnly: true,
            now: .zero)
        connection.receiveExtensionHandshake { $0.uploadOnlyID = ExtensionID.uploadOnly }
        _ = connection.machine.takeOutput()
        connection.machine.setUploadOnly(true)
        #expect(connection.sent().isEmpty)
    }
}

@Suite("Extension protocol (BEP 9, 10, 21, 54)")
struct ExtensionTests {
    @Test func `without the reserved bit nothing of it is sent, and what comes is ignored`() {
        let connection = Connection.open(reserved: [.fast])
        #expect(!connection.machine.supportsExtensions)
        #expect(connection.receive(.extended(0, Array("d1:pi5ee".utf8))).isEmpty)
        #expect(connection.machine.peerListenPort == nil)
        connection.machine.requestMetadata(0)
        #expect(connection.sent().isEmpty)
    }

    @Test func `the peer's handshake is told and readable`() {
        let connection = Connection.open()
        #expect(connection.machine.clientName == "-XX0001-remoteremote")
        var handshake = ExtensionHandshake()
        handshake.clientName = "Other 1.0"
        handshake.listenPort = 5000
        handshake.isUploadOnly = true
        handshake.metadataID = 3
        handshake.metadataSize = 400
        #expect(
            connection.receive(.extended(0, handshake.encoded()))
                == [.extensionHandshake(handshake)])
        #expect(connection.machine.clientName == "Other 1.0")
        #expect(connection.machine.peerListenPort == 5000)
        #expect(connection.machine.isUploadOnly)
        #expect(connection.machine.metadataSize == 400)
        #expect(!connection.machine.supportsDontHave)
    }

    @Test func `a later handshake adds, and 0 switches off`() {
        let connection = Connection.open()
        connection.receiveExtensionHandshake { $0.listenPort = 5000 }
        #expect(connection.machine.supportsDontHave)
        _ = connection.receive(.extended(0, Array("d1:md11:lt_donthavei0eee".utf8)))
        #expect(!connection.machine.supportsDontHave)
        #expect(connection.machine.supportsMetadata)
        #expect(connection.machine.peerListenPort == 5000)
    }

    @Test func `a handshake that is no dictionary closes`() {
        let connection = Connection.open()
        #expect(
            connection.receive(.extended(0, Array("oops".utf8))).closeReason
                == .invalidExtensionHandshake)
    }

    @Test func `we send with the peer's numbers`() {
        let connection = Connection.open()
        connection.receiveExtensionHandshake {
            $0.metadataID = 77
            $0.dontHaveID = 88
        }
        connection.machine.dontHave(PieceIndex(258))
        #expect(connection.output() == [0, 0, 0, 6, 20, 88, 0, 0, 1, 2])
        connection.machine.rejectMetadata(1)
        #expect(connection.output()[5] == 77)
    }

    @Test func `a piece is taken back only where the peer understands it`() {
        let connection = Connection.open()
        connection.machine.dontHave(PieceIndex(1))
        #expect(connection.sent().isEmpty)
    }

    @Test func `the peer takes a piece back`() {
        var connection = Connection.open()
        #expect(
            connection.receive(.extended(ExtensionID.dontHave, [0, 0, 0, 4]))
                == [.peerDontHave(PieceIndex(4))])
        #expect(
            connection.receive(.extended(ExtensionID.dontHave, [0, 0, 0, 5])).closeReason
                == .invalidPiece(5))
        connection = .open()
        #expect(
            connection.receive(.extended(ExtensionID.dontHave, [0, 4])).closeReason
                == .invalidExtensionMessage)
        connection = .open()
        #expect(
            connection.receive(.extended(ExtensionID.dontHave, [255, 0, 0, 0])).closeReason
                == .invalidPiece(0xFF00_0000))
    }

    @Test func `what is fetched from a seed is told where the peer understands it`() {
        let connection = Connection.open()
        connection.machine.fetching(PieceIndex(1))
        #expect(!connection.machine.supportsFetching)
        #expect(connection.sent().isEmpty)
        connection.receiveExtensionHandshake { $0.fetchingID = 99 }
        #expect(connection.machine.supportsFetching)
        connection.machine.fetching(PieceIndex(258))
        #expect(connection.output() == [0, 0, 0, 6, 20, 99, 0, 0, 1, 2])
    }

    @Test func `the peer tells what it fetches from a seed`() {
        var connection = Connection.open()
        #expect(
            connection.receive(.extended(ExtensionID.fetching, [0, 0, 0, 4]))
                == [.peerFetching(PieceIndex(4))])
        #expect(
            connection.receive(.extended(ExtensionID.fetching, [0, 0, 0, 5])).closeReason
                == .invalidPiece(5))
        connection = .open()
        #expect(
            connection.receive(.extended(ExtensionID.fetching, [0, 4])).closeReason
                == .invalidExtensionMessage)
        connection = .open()
        #expect(
            connection.receive(.extended(ExtensionID.fetching, [255, 0, 0, 0])).closeReason
                == .invalidPiece(0xFF00_0000))
    }

    @Test func `upload-only changes by its message`() {
        let connection = Connection.open()
        #expect(connection.receive(.extended(ExtensionID.uploadOnly, [1])) == [.uploadOnly(true)])
        #expect(connection.machine.isUploadOnly)
        #expect(connection.receive(.extended(ExtensionID.uploadOnly, [])).isEmpty)
        #expect(connection.receive(.extended(ExtensionID.uploadOnly, [0])) == [.uploadOnly(false)])
        #expect(!connection.machine.isUploadOnly)
    }

    @Test func `an unknown extension is ignored`() {
        let connection = Connection.open()
        #expect(connection.receive(.extended(200, [1, 2, 3]), .unchoke) == [.unchoked])
    }

    @Test func `metadata is asked for and arrives`() {
        let connection = Connection.open(geometry: nil)
        connection.receiveExtensionHandshake { $0.metadataSize = 3 }
        connection.machine.requestMetadata(0)
        #expect(
            connection.sent()
                == [.extended(2, MetadataMessage.request(piece: 0).encoded())])
        let data = MetadataMessage.data(piece: 0, totalSize: 3, bytes: [1, 2, 3]).encoded()
        #expect(
            connection.receive(.extended(ExtensionID.metadata, data))
                == [.metadataArrived(piece: 0, totalSize: 3, bytes: [1, 2, 3])])
        #expect(connection.receive(.extended(ExtensionID.metadata, data)).isEmpty)
    }

    @Test func `metadata that was not asked for is ignored`() {
        let connection = Connection.open(geometry: nil)
        connection.receiveExtensionHandshake { $0.metadataSize = 3 }
        connection.machine.requestMetadata(1)
        for message in [
            MetadataMessage.data(piece: 0, totalSize: 3, bytes: [1, 2, 3]), .reject(piece: 0),
        ] {
            #expect(
                connection.receive(.extended(ExtensionID.metadata, message.encoded())).isEmpty)
        }
        #expect(
            connection.receive(
                .extended(ExtensionID.metadata, MetadataMessage.reject(piece: 1).encoded()))
                == [.metadataRejected(1)])
    }

    @Test func `malformed metadata closes, an unknown type does not`() {
        let connection = Connection.open()
        let unknown = Array("d8:msg_typei9e5:piecei0ee".utf8)
        #expect(connection.receive(.extended(ExtensionID.metadata, unknown)).isEmpty)
        #expect(
            connection.receive(.extended(ExtensionID.metadata, [1])).closeReason
                == .invalidExtensionMessage)
    }

    @Test func `our metadata is asked for, and too often is refused`() {
        let connection = Connection.open(metadataSize: 20_000)
        connection.receiveExtensionHandshake { _ in }
        let request = MetadataMessage.request(piece: 1).encoded()
        for _ in 0..<70 {
            #expect(
                connection.receive(.extended(ExtensionID.metadata, request))
                    == [.metadataRequested(1)])
        }
        #expect(connection.sent().isEmpty)
        #expect(connection.receive(.extended(ExtensionID.metadata, request)).isEmpty)
        #expect(
            connection.sent() == [.extended(2, MetadataMessage.reject(piece: 1).encoded())])
    }

    @Test func `we answer with data and rejects`() {
        let connection = Connection.open(metadataSize: 2)
        connection.receiveExtensionHandshake { _ in }
        connection.machine.sendMetadata(piece: 0, totalSize: 2, bytes: [8, 9])
        connection.machine.rejectMetadata(5)
        #expect(
            connection.sent() == [
                .extended(
                    2, MetadataMessage.data(piece: 0, totalSize: 2, bytes: [8, 9]).encoded()),
                .extended(2, MetadataMessage.reject(piece: 5).encoded()),
            ])
    }

    @Test func `a private torrent's metadata is not exchanged`() throws {
        let connection = Connection(role: .outgoing(Connection.identity))
        _ = connection.output()
        _ = connection.receive(bytes: Connection.handshake([.extensionProtocol]).bytes)
        connection.machine.accept(
            identity: Connection.identity, geometry: Connection.geometry, have: nil,
            metadataSize: 100, isPrivate: true, now: .zero)
        guard case .extended(0, let payload) = connection.sent().last else {
            Issue.record("no extension handshake")
            return
        }
        let handshake = try ExtensionHandshake(parsing: payload)
        #expect(handshake.metadataID == nil && handshake.metadataSize == nil)
        connection.receiveExtensionHandshake { _ in }
        let request = MetadataMessage.request(piece: 0).encoded()
        #expect(connection.receive(.extended(ExtensionID.metadata, request)).isEmpty)
    }
}
