import PeerProtocol
import Testing
import TorrentCore

@Suite("Requesting blocks (BEP 3, BEP 6)")
struct BlockTests {
    private static func unchoked(_ reserved: ReservedBits = [.fast]) -> Connection {
        let connection = Connection.open(reserved: reserved)
        _ = connection.receive(.unchoke)
        return connection
    }

    @Test func `a block goes past the machine, between its begin and its end`() {
        let connection = Self.unchoked()
        connection.machine.request(block(1, 16_384))
        #expect(connection.sent() == [.request(block(1, 16_384))])
        #expect(connection.machine.outstandingRequestCount == 1)
        #expect(connection.receive(.piece(block(1, 16_384))) == [.blockBegan(block(1, 16_384))])
        #expect(connection.machine.receiveTarget == .block(block(1, 16_384), received: 0))
        connection.machine.receivedBlockBytes(16_000, now: .zero)
        #expect(connection.machine.receiveTarget == .block(block(1, 16_384), received: 16_000))
        #expect(connection.actions().isEmpty)
        connection.machine.receivedBlockBytes(384, now: .zero)
        #expect(connection.actions() == [.blockArrived(block(1, 16_384))])
        #expect(connection.machine.receiveTarget == .control)
        #expect(connection.machine.outstandingRequestCount == 0)
    }

    @Test func `reading stops right after the head of a block`() {
        let connection = Self.unchoked()
        connection.machine.request(block(0))
        var stream: [UInt8] = []
        PeerMessageEncoder.append(.piece(block(0)), to: &stream)
        let payload = stream + Array(repeating: 5, count: 100)
        #expect(connection.take(payload) == 13)
        #expect(connection.take(payload) == 0)
    }

    @Test func `nothing is requested while the peer chokes`() {
        let connection = Connection.open(reserved: [.fast])
        connection.machine.request(block(0))
        #expect(connection.sent().isEmpty)
        #expect(connection.actions() == [.rejected(block(0))])
    }

    @Test func `an allowed-fast piece is requested while the peer chokes`() {
        let connection = Connection.open(reserved: [.fast])
        #expect(
            connection.receive(.allowedFast(PieceIndex(2))) == [.allowedFast(PieceIndex(2))])
        connection.machine.request(block(2))
        #expect(connection.sent() == [.request(block(2))])
        #expect(connection.receiveBlock(block(2)).last == .blockArrived(block(2)))
    }

    @Test func `a block that comes after its cancel is still taken`() {
        let connection = Self.unchoked()
        connection.machine.request(block(0))
        connection.machine.cancel(block(0))
        connection.machine.cancel(block(0))
        #expect(connection.sent() == [.request(block(0)), .cancel(block(0))])
        #expect(connection.machine.outstandingRequestCount == 0)
        #expect(connection.receiveBlock(block(0)).first == .blockBegan(block(0)))
    }

    @Test func `a reject is told, after a cancel as well`() {
        let connection = Self.unchoked()
        connection.machine.request(block(0))
        connection.machine.request(block(1))
        connection.machine.cancel(block(1))
        #expect(
            connection.receive(.reject(block(0)), .reject(block(1)))
                == [.rejected(block(0)), .rejected(block(1))])
    }

    @Test func `a block cancelled and requested again has two answers`() {
        let connection = Self.unchoked()
        connection.machine.request(block(0))
        connection.machine.cancel(block(0))
        connection.machine.request(block(0))
        #expect(connection.receive(.reject(block(0))).isEmpty)
        #expect(connection.machine.outstandingRequestCount == 1)
        #expect(connection.receiveBlock(block(0)).last == .blockArrived(block(0)))
        #expect(connection.machine.outstandingRequestCount == 0)
    }

    @Test func `a choke without the fast extension voids requests, but late blocks are taken`() {
        let connection = Self.unchoked([])
        connection.machine.request(block(0))
        #expect(connection.receive(.choke) == [.choked])
        #expect(connection.machine.outstandingRequestCount == 0)
        #expect(connection.receiveBlock(block(0)).last == .blockArrived(block(0)))
    }

    @Test func `a choke with the fast extension leaves requests to be answered`() {
        let connection = Self.unchoked()
        connection.machine.request(block(0))
        #expect(connection.receive(.choke) == [.choked])
        #expect(connection.machine.outstandingRequestCount == 1)
        #expect(connection.receive(.reject(block(0))) == [.rejected(block(0))])
    }

    @Test func `an empty block is BitComet's reject`() {
        let connection = Self.unchoked([])
        connection.machine.request(block(1, 16_384))
        #expect(
            connection.receive(.piece(block(1, 16_384, 0))) == [.rejected(block(1, 16_384))])
        #expect(connection.machine.receiveTarget == .control)
    }

    @Test func `a few blocks that nobody requested are passed over, many close`() {
        let connection = Self.unchoked()
        for _ in 0..<32 { #expect(connection.receiveBlock(block(0)).isEmpty) }
        #expect(connection.payload.isEmpty)
        #expect(connection.receive(.unchoke, .choke) == [.choked])
        #expect(connection.receiveBlock(block(0)).closeReason == .unrequested)
    }

    @Test func `blocks of requests just taken back are no offence, however many went before`() {
        let geometry = PieceGeometry(totalLength: 1 << 30, pieceLength: 1 << 20)
        let connection = Connection.open(reserved: [.fast], geometry: geometry)
        _ = connection.receive(.unchoke)
        let blocks = (0..<2049).map { block($0 / 64, $0 % 64 * 16_384) }
        // A peer that never says that it has heard a cancel.
        for block in blocks[..<2000] {
            connection.machine.request(block)
            connection.machine.cancel(block)
        }
        for block in blocks[2000..<2048] { connection.machine.request(block) }
        for block in blocks[2000..<2048] { connection.machine.cancel(block) }
        connection.machine.request(blocks[2048])
        let arrived = blocks[2000...].filter {
            connection.receiveBlock($0).last == .blockArrived($0)
        }
        #expect(arrived.count == 49)
    }

    @Test func `many rejects of nothing close`() {
        let connection = Self.unchoked()
        for _ in 0..<32 { #expect(connection.receive(.reject(block(0))).isEmpty) }
        #expect(connection.receive(.reject(block(0))).closeReason == .unrequested)
    }

    @Test func `a block of another length than requested was not requested`() {
        let connection = Self.unchoked()
        connection.machine.request(block(0))
        #expect(connection.receiveBlock(block(0, 0, 16_383)).isEmpty)
        #expect(connection.receiveBlock(block(0)).first == .blockBegan(block(0)))
    }

    @Test func `a block outside of the torrent closes`() {
        for wrong in [block(5), block(0, 32_768), block(4, 0, 1001), block(0, 32_767, 2)] {
            let connection = Self.unchoked()
            #expect(connection.receive(.piece(wrong)).closeReason == .invalidBlock)
        }
    }

    @Test func `a thousand cancelled requests without answers do not pile up`() {
        let geometry = PieceGeometry(totalLength: 1 << 30, pieceLength: 1 << 20)
        let connection = Connection.open(reserved: [], geometry: geometry)
        _ = connection.receive(.unchoke)
        for index in 0..<10_000 {
            let request = geometry.block(index % 64, of: PieceIndex(index / 64))
            connection.machine.request(request)
            connection.machine.cancel(request)
        }
        #expect(connection.machine.outstandingRequestCount == 0)
        // The latest is remembered, the first has been swept out.
        let last = geometry.block(9999 % 64, of: PieceIndex(9999 / 64))
        #expect(connection.receiveBlock(last).last == .blockArrived(last))
        #expect(connection.receiveBlock(geometry.block(0, of: PieceIndex(0))).isEmpty)
    }

    @Test func `the request limit is what the peer says, else what its kind can take`() {
        #expect(Connection.open(reserved: []).machine.peerRequestLimit == 50)
        let connection = Connection.open()
        #expect(connection.machine.peerRequestLimit == 250)
        connection.receiveExtensionHandshake { $0.requestLimit = 2000 }
        #expect(connection.machine.peerRequestLimit == 2000)
    }
}

@Suite("Fast extension (BEP 6)")
struct FastExtensionTests {
    @Test func `its messages close unless both sides know it`() {
        let messages: [(PeerMessage, UInt8)] = [
            (.suggest(PieceIndex(0)), 13), (.haveAll, 14), (.haveNone, 15),
            (.reject(block(0)), 16), (.allowedFast(PieceIndex(0)), 17),
        ]
        for (message, identifier) in messages {
            let connection = Connection.open(reserved: [.extensionProtocol])
            #expect(
                connection.receive(message).closeReason == .notNegotiated(message: identifier))
        }
    }

    @Test func `suggestions and grants for pieces that do not exist are ignored`() {
        let connection = Connection.open()
        #expect(connection.receive(.suggest(PieceIndex(3))) == [.suggested(PieceIndex(3))])
        #expect(connection.receive(.suggest(PieceIndex(5))).isEmpty)
        #expect(connection.receive(.allowedFast(PieceIndex(5))).isEmpty)
    }

    @Test func `a grant repeated is one grant`() {
        let connection = Connection.open()
        #expect(
            connection.receive(.allowedFast(PieceIndex(1)), .allowedFast(PieceIndex(1)))
                == [.allowedFast(PieceIndex(1))])
    }

    @Test func `a flood of grants is bounded`() {
        let geometry = PieceGeometry(totalLength: 1 << 30, pieceLength: 1 << 20)
        let connection = Connection.open(geometry: geometry)
        for piece in 0..<1000 { _ = connection.receive(.allowedFast(PieceIndex(piece))) }
        #expect(connection.machine.peerAllowedFast.count == 128)
    }

    @Test func `what we grant may be requested while we choke`() {
        let connection = Connection.open()
        connection.machine.allowedFast(PieceIndex(1))
        connection.machine.allowedFast(PieceIndex(1))
        #expect(connection.sent() == [.allowedFast(PieceIndex(1))])
        #expect(connection.receive(.request(block(1))) == [.requested(block(1))])
        #expect(connection.receive(.request(block(2))).isEmpty)
        #expect(connection.sent() == [.reject(block(2))])
    }

    @Test func `a choked peer gets what we grant twice over, and then no more`() {
        let connection = Connection.open()
        connection.machine.allowedFast(PieceIndex(1))
        _ = connection.sent()
        for _ in 0..<4 {
            #expect(connection.receive(.request(block(1))) == [.requested(block(1))])
            #expect(connection.pieceHeader(block(1)))
        }
        _ = connection.sent()
        #expect(connection.receive(.request(block(1))).isEmpty)
        #expect(connection.sent() == [.reject(block(1))])
        connection.machine.unchoke()
        #expect(connection.receive(.request(block(1))) == [.requested(block(1))])
    }

    @Test func `nothing is granted to a peer that does not know how`() {
        let connection = Connection.open(reserved: [])
        connection.machine.allowedFast(PieceIndex(1))
        #expect(connection.sent().isEmpty)
    }

    @Test func `a choke rejects what is pending, and keeps what was granted`() {
        let connection = Connection.open()
        connection.machine.allowedFast(PieceIndex(1))
        connection.machine.unchoke()
        _ = connection.receive(.request(block(2)), .request(block(1)), .request(block(0)))
        _ = connection.sent()
        connection.machine.choke()
        #expect(connection.sent() == [.choke, .reject(block(0)), .reject(block(2))])
        #expect(connection.machine.isPending(block(1)))
        #expect(connection.pieceHeader(block(1)))
        #expect(!connection.pieceHeader(block(0)))
    }
}

@Suite("Answering requests")
struct UploadTests {
    private static func unchoking(_ reserved: ReservedBits = [.fast]) -> Connection {
        let connection = Connection.open(reserved: reserved)
        connection.machine.unchoke()
        _ = connection.sent()
        return connection
    }

    @Test func `a request is told, and answered by a head of 13 bytes`() {
        let connection = Self.unchoking()
        #expect(connection.receive(.request(block(0, 5, 77))) == [.requested(block(0, 5, 77))])
        #expect(connection.pieceHeader(block(0, 5, 77)))
        let output = connection.output()
        #expect(output == [0, 0, 0, 86, 7, 0, 0, 0, 0, 0, 0, 0, 5])
        #expect(!connection.pieceHeader(block(0, 5, 77)))
        #expect(connection.output().isEmpty)
    }

    @Test func `a block sent with a head of the owner's own is answered, and nothing is written`() {
        let connection = Self.unchoking()
        _ = connection.receive(.request(block(0)), .request(block(1)))
        connection.machine.blockSent(block(0))
        connection.machine.blockSent(block(3))
        #expect(connection.output().isEmpty)
        #expect(!connection.machine.isPending(block(0)))
        #expect(!connection.pieceHeader(block(0)))
        #expect(connection.receive(.cancel(block(0))).isEmpty)
        connection.machine.choke()
        #expect(connection.sent() == [.choke, .reject(block(1))])
    }

    @Test func `a request while we choke is rejected, or ignored without the fast extension`() {
        var connection = Connection.open(reserved: [.fast])
        #expect(connection.receive(.request(block(0))).isEmpty)
        #expect(connection.sent() == [.reject(block(0))])
        connection = Connection.open(reserved: [])
        #expect(connection.receive(.request(block(0))).isEmpty)
        #expect(connection.sent().isEmpty)
    }

    @Test func `a request outside of the torrent closes`() {
        let wrong = [
            block(5), block(0, 32_768), block(0, 32_767, 2), block(4, 0, 1001), block(0, 0, 0),
        ]
        for request in wrong {
            let connection = Self.unchoking()
            #expect(connection.receive(.request(request)).closeReason == .invalidRequest)
        }
    }

    @Test func `a request may have up to 128 KiB, and no more`() {
        let geometry = PieceGeometry(totalLength: 1 << 20, pieceLength: 1 << 20)
        for (length, isFine) in [(131_072, true), (131_073, false)] {
            let connection = Connection.open(geometry: geometry)
            connection.machine.unchoke()
            let actions = connection.receive(.request(block(0, 0, length)))
            #expect(actions == (isFine ? [.requested(block(0, 0, length))] : actions))
            #expect((actions.closeReason == nil) == isFine)
        }
    }

    @Test func `a request repeated is one request`() {
        let connection = Self.unchoking()
        #expect(
            connection.receive(.request(block(0)), .request(block(0))) == [.requested(block(0))])
    }

    @Test func `a cancel takes a request back, and is answered by a reject`() {
        let connection = Self.unchoking()
        _ = connection.receive(.request(block(0)))
        #expect(
            connection.receive(.cancel(block(0)), .cancel(block(0))) == [.cancelled(block(0))])
        #expect(connection.sent() == [.reject(block(0))])
        connection.machine.reject(block(0))
        #expect(!connection.pieceHeader(block(0)))
        #expect(connection.sent().isEmpty)
    }

    @Test func `a cancel without the fast extension has no answer`() {
        let connection = Self.unchoking([])
        _ = connection.receive(.request(block(0)))
        #expect(connection.receive(.cancel(block(0))) == [.cancelled(block(0))])
        #expect(connection.sent().isEmpty)
    }

    @Test func `a cancel of nothing is ignored`() {
        let connection = Self.unchoking()
        #expect(connection.receive(.cancel(block(9, 9, 9))).isEmpty)
        #expect(connection.sent().isEmpty)
    }

    @Test func `requests beyond the limit are refused, and a flood closes`() {
        let geometry = PieceGeometry(totalLength: 1 << 30, pieceLength: 1 << 20)
        let connection = Connection.open(geometry: geometry)
        connection.machine.unchoke()
        _ = connection.sent()
        var told = 0
        for index in 0..<2500 {
            let request = geometry.block(index % 64, of: PieceIndex(index / 64))
            told += connection.receive(.request(request)).count
        }
        #expect(told == 500)
        #expect(connection.sent().count == 2000)
        #expect(
            connection.receive(.request(geometry.block(0, of: PieceIndex(99)))).closeReason
                == .requestFlood)
    }

    @Test func `a peer that downloads all the time is never a flood`() {
        let connection = Self.unchoking()
        for round in 0..<5000 {
            let request = block(round % 4, round % 2 * 16_384)
            #expect(connection.receive(.request(request)) == [.requested(request)])
            #expect(connection.pieceHeader(request))
        }
    }

    @Test func `the owner may refuse`() {
        let connection = Self.unchoking()
        _ = connection.receive(.request(block(0)))
        connection.machine.reject(block(0))
        connection.machine.reject(block(0))
        #expect(connection.sent() == [.reject(block(0))])
    }
}
