import PeerProtocol
import Testing
import TorrentCore

@Suite("Choke and interest (BEP 3)")
struct StateTests {
    @Test func `both sides start choking and not interested`() {
        let connection = Connection.open()
        #expect(connection.machine.amChoking && connection.machine.peerChoking)
        #expect(!connection.machine.amInterested && !connection.machine.peerInterested)
    }

    @Test func `only a change is an action`() {
        let connection = Connection.open()
        #expect(connection.receive(.choke).isEmpty)
        #expect(connection.receive(.unchoke, .unchoke) == [.unchoked])
        #expect(connection.receive(.choke, .choke) == [.choked])
        #expect(connection.receive(.notInterested).isEmpty)
        #expect(connection.receive(.interested, .interested) == [.interested])
        #expect(connection.receive(.notInterested, .notInterested) == [.notInterested])
    }

    @Test func `only a change is sent`() {
        let connection = Connection.open()
        connection.machine.setInterested(false)
        connection.machine.choke()
        #expect(connection.sent().isEmpty)
        connection.machine.setInterested(true)
        connection.machine.setInterested(true)
        connection.machine.unchoke()
        connection.machine.unchoke()
        connection.machine.choke()
        #expect(connection.sent() == [.interested, .unchoke, .choke])
    }

    @Test func `an unchoke before interest is taken`() {
        let connection = Connection.open()
        #expect(connection.receive(.unchoke) == [.unchoked])
        #expect(!connection.machine.peerChoking)
    }
}

@Suite("What the peer has")
struct HaveTests {
    @Test func `a bitfield, have-all and have-none are told`() {
        let connection = Connection.open()
        #expect(
            connection.receive(.bitfield([0b1010_0000])) == [.peerBitfield(pieces("*-*--"))])
        #expect(connection.receive(.haveAll) == [.peerHasAll])
        #expect(connection.receive(.haveNone) == [.peerHasNone])
    }

    @Test func `a late bitfield is taken, and replaces what was known`() {
        let connection = Connection.open(reserved: [])
        #expect(
            connection.receive(.have(PieceIndex(1)), .bitfield([0b1000_0000]))
                == [.peerHave(PieceIndex(1)), .peerBitfield(pieces("*----"))])
    }

    @Test func `whoever says again and again all that it has is closed`() {
        let connection = Connection.open()
        for _ in 0..<8 {
            #expect(connection.receive(.haveAll) == [.peerHasAll])
            #expect(connection.receive(.haveNone) == [.peerHasNone])
        }
        #expect(connection.receive(.bitfield([0b1000_0000])).closeReason == .haveFlood)
    }

    @Test func `a spare bit in a bitfield closes`() {
        let connection = Connection.open()
        #expect(
            connection.receive(.bitfield([0b1000_0001])).closeReason == .invalidBitfield)
    }

    @Test func `a piece that the torrent does not have closes`() {
        let connection = Connection.open()
        #expect(connection.receive(.have(PieceIndex(4))) == [.peerHave(PieceIndex(4))])
        #expect(connection.receive(.have(PieceIndex(5))).closeReason == .invalidPiece(5))
    }

    @Test func `after a close nothing is read and nothing follows`() {
        let connection = Connection.open()
        let actions = connection.receive(
            .unchoke, .have(PieceIndex(9)), .interested, .have(PieceIndex(1)))
        #expect(actions == [.unchoked, .close(.invalidPiece(9))])
        #expect(connection.machine.isClosed)
        #expect(connection.unread.count == 14)
    }
}

@Suite("Before the metadata is there (BEP 9)")
struct EarlyTests {
    private static let reserved: ReservedBits = [.fast, .extensionProtocol]

    private static func known(_ messages: PeerMessage...) -> [PeerAction] {
        let connection = Connection.open(geometry: nil)
        for message in messages { #expect(connection.receive(message).isEmpty) }
        connection.machine.metadataKnown(geometry: Connection.geometry, have: pieces("-----"))
        return connection.actions()
    }

    @Test func `what the peer has is kept and told later`() {
        #expect(Self.known(.bitfield([0b1010_0000])) == [.peerBitfield(pieces("*-*--"))])
        #expect(Self.known(.haveAll) == [.peerHasAll])
        #expect(Self.known(.haveNone) == [.peerHasNone])
        #expect(Self.known().isEmpty)
        #expect(
            Self.known(.haveNone, .have(PieceIndex(2)), .have(PieceIndex(4)))
                == [.peerBitfield(pieces("--*-*"))])
        #expect(Self.known(.have(PieceIndex(0))) == [.peerBitfield(pieces("*----"))])
        #expect(
            Self.known(.bitfield([0b1000_0000]), .have(PieceIndex(3)))
                == [.peerBitfield(pieces("*--*-"))])
    }

    @Test func `a piece taken back is missing from all`() {
        #expect(
            Self.known(.haveAll, .extended(ExtensionID.dontHave, [0, 0, 0, 1]))
                == [.peerBitfield(pieces("*-***"))])
    }

    @Test func `what does not fit the torrent closes once it is known`() {
        #expect(Self.known(.bitfield([0xFF])).closeReason == .invalidBitfield)
        #expect(Self.known(.bitfield([0, 0])).closeReason == .invalidBitfield)
        #expect(Self.known(.bitfield([])).closeReason == .invalidBitfield)
        #expect(Self.known(.have(PieceIndex(5))).closeReason == .invalidPiece(5))
        #expect(
            Self.known(.haveAll, .extended(ExtensionID.dontHave, [0, 0, 0, 9])).closeReason
                == .invalidPiece(9))
    }

    @Test func `choke and interest are told at once`() {
        let connection = Connection.open(geometry: nil)
        #expect(connection.receive(.unchoke, .interested) == [.unchoked, .interested])
    }

    @Test func `allowed pieces are told later, and only those that exist`() {
        #expect(
            Self.known(.allowedFast(PieceIndex(3)), .allowedFast(PieceIndex(99)))
                == [.allowedFast(PieceIndex(3))])
    }

    @Test func `what we have by then is announced piece by piece`() {
        let connection = Connection.open(geometry: nil)
        connection.machine.metadataKnown(geometry: Connection.geometry, have: pieces("-**-*"))
        #expect(
            connection.sent()
                == [.have(PieceIndex(1)), .have(PieceIndex(2)), .have(PieceIndex(4))])
    }

    @Test func `the size of the metadata is offered by a second extension handshake`() throws {
        let connection = Connection.open(geometry: nil)
        connection.machine.metadataKnown(
            geometry: Connection.geometry, have: pieces("-----"), metadataSize: 777)
        guard case .extended(0, let payload) = connection.sent().first else {
            Issue.record("no extension handshake")
            return
        }
        #expect(try ExtensionHandshake(parsing: payload).metadataSize == 777)
    }

    @Test func `a flood of haves takes bounded memory and no connection`() {
        let connection = Connection.open(geometry: nil)
        for _ in 0..<20_000 { #expect(connection.receive(.have(PieceIndex(2))).isEmpty) }
        connection.machine.metadataKnown(geometry: Connection.geometry, have: pieces("-----"))
        #expect(connection.actions() == [.peerBitfield(pieces("--*--"))])
    }

    @Test func `a request before the metadata is refused`() {
        let connection = Connection.open(geometry: nil)
        #expect(connection.receive(.request(block(0))).isEmpty)
        #expect(connection.sent() == [.reject(block(0))])
    }

    @Test func `once known, the size bounds bitfields`() {
        let connection = Connection.open(geometry: nil)
        connection.machine.metadataKnown(geometry: Connection.geometry, have: pieces("-----"))
        #expect(
            connection.receive(.bitfield([0, 0])).closeReason
                == .wrongLength(message: 5, length: 3))
    }
}

@Suite("Timers")
struct TimerTests {
    @Test func `a handshake that does not come in ten seconds closes`() {
        let connection = Connection()
        #expect(connection.machine.nextDeadline == .zero + .seconds(10))
        _ = connection.receive(bytes: Array(Connection.handshake().bytes.prefix(67)))
        connection.machine.timerFired(now: .zero + .seconds(9.9))
        #expect(connection.actions().isEmpty)
        connection.machine.timerFired(now: .zero + .seconds(10))
        #expect(connection.actions() == [.close(.handshakeTimeout)])
        #expect(connection.machine.nextDeadline == Timestamp(nanoseconds: .max))
    }

    @Test func `the time to connect does not count against the handshake`() {
        let connection = Connection(role: .outgoing(Connection.identity))
        connection.machine.connected(now: .zero + .seconds(9))
        #expect(connection.machine.nextDeadline == .zero + .seconds(19))
    }

    @Test func `a peer that is silent for 150 seconds is closed`() {
        let connection = Connection.open()
        connection.now = .zero + .seconds(100)
        _ = connection.receive(.keepAlive)
        connection.machine.timerFired(now: .zero + .seconds(249))
        #expect(connection.actions().isEmpty)
        connection.machine.timerFired(now: .zero + .seconds(250))
        #expect(connection.actions() == [.close(.inactive)])
    }

    @Test func `payload counts as a sign of life`() {
        let connection = Connection.open()
        _ = connection.receive(.unchoke)
        connection.machine.request(block(0))
        _ = connection.receive(.piece(block(0)))
        connection.machine.receivedBlockBytes(1, now: .zero + .seconds(140))
        connection.machine.timerFired(now: .zero + .seconds(200))
        #expect(connection.actions().isEmpty)
    }

    @Test func `we are never silent for two minutes`() {
        let connection = Connection.open()
        var last = 0.0
        for second in stride(from: 0.0, to: 1000, by: 1) {
            connection.now = .zero + .seconds(second)
            if Int(second) % 60 == 0 { _ = connection.receive(.keepAlive) }
            if second == 333 { connection.machine.setInterested(true) }
            if connection.machine.nextDeadline <= connection.now {
                connection.machine.timerFired(now: connection.now)
            }
            if !connection.output().isEmpty { last = second }
            #expect(second - last < 110)
        }
        #expect(!connection.machine.isClosed)
    }

    @Test func `a busy connection needs no keep-alive`() {
        let connection = Connection.open()
        for second in stride(from: 10.0, to: 140, by: 10) {
            connection.machine.have(PieceIndex(1))
            connection.machine.timerFired(now: .zero + .seconds(second))
        }
        #expect(!connection.sent().contains(.keepAlive))
    }
}
