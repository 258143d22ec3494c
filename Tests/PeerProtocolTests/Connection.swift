import PeerProtocol
import TorrentCore

/// A machine under test, with the owner of its socket played by the test. A class, for `#expect`
/// takes no mutating calls.
final class Connection {
    static let hash = digest(0x11)
    static let identity = TorrentIdentity(v1: hash)
    /// Five pieces of 32 KiB; the last has 1000 bytes.
    static let geometry = PieceGeometry(totalLength: 4 * 32_768 + 1000, pieceLength: 32_768)
    static let remoteID = peerID("-XX0001-remoteremote")

    var machine: PeerStateMachine
    var now = Timestamp.zero
    /// Bytes that the machine left.
    var unread: [UInt8] = []
    /// The payload that went to blocks.
    var payload: [UInt8] = []

    static func digest(_ byte: UInt8) -> SHA1Digest {
        guard let digest = SHA1Digest(Array(repeating: byte, count: 20)) else {
            preconditionFailure("20 bytes")
        }
        return digest
    }

    static func peerID(_ text: String) -> PeerID {
        guard let id = PeerID(Array(text.utf8)) else { preconditionFailure("20 bytes") }
        return id
    }

    static let configuration = PeerConfiguration(
        peerID: peerID("-SF0001-locallocally"), clientName: "swarmfs test", listenPort: 7001)

    static func handshake(
        _ reserved: ReservedBits = [.fast, .extensionProtocol], hash: SHA1Digest = hash
    ) -> Handshake {
        Handshake(infoHash: hash, peerID: remoteID, reserved: reserved)
    }

    init(role: PeerRole = .incoming, configuration: PeerConfiguration = Connection.configuration) {
        machine = PeerStateMachine(role: role, configuration: configuration, now: .zero)
    }

    /// A connection past both handshakes, with nothing left to take.
    static func open(
        role: PeerRole = .outgoing(identity),
        reserved: ReservedBits = [.fast, .extensionProtocol],
        geometry: PieceGeometry? = geometry, have: Bitfield? = nil, metadataSize: Int? = nil,
        isPrivate: Bool = false, configuration: PeerConfiguration = Connection.configuration
    ) -> Connection {
        let connection = Connection(role: role, configuration: configuration)
        _ = connection.receive(bytes: handshake(reserved).bytes)
        connection.machine.accept(
            identity: identity, geometry: geometry, have: have, metadataSize: metadataSize,
            isPrivate: isPrivate, now: connection.now)
        _ = connection.machine.takeOutput()
        return connection
    }

    /// Gives bytes as a socket would, those that were left before first.
    func receive(bytes: [UInt8]) -> [PeerAction] {
        unread += bytes
        var result: [PeerAction] = []
        while true {
            result += actions()
            let count: Int
            switch machine.receiveTarget {
            case .block(let block, let received):
                count = min(unread.count, Int(block.length) - received)
                machine.receivedBlockBytes(count, now: now)
                payload += unread.prefix(count)
            case .control:
                count = machine.received(unread.span, now: now)
            }
            unread.removeFirst(count)
            if count == 0 { return result + actions() }
        }
    }

    func receive(_ messages: PeerMessage...) -> [PeerAction] {
        var bytes: [UInt8] = []
        for message in messages { PeerMessageEncoder.append(message, to: &bytes) }
        return receive(bytes: bytes)
    }

    /// A block with its payload.
    func receiveBlock(_ block: BlockRequest) -> [PeerAction] {
        var bytes: [UInt8] = []
        PeerMessageEncoder.append(.piece(block), to: &bytes)
        return receive(bytes: bytes + Array(repeating: 7, count: Int(block.length)))
    }

    func receiveExtensionHandshake(_ change: (inout ExtensionHandshake) -> Void) {
        var handshake = ExtensionHandshake()
        handshake.metadataID = ExtensionID.metadata
        handshake.dontHaveID = ExtensionID.dontHave
        change(&handshake)
        _ = receive(.extended(ExtensionID.handshake, handshake.encoded()))
    }

    func actions() -> [PeerAction] {
        var actions: [PeerAction] = []
        while let action = machine.nextAction() { actions.append(action) }
        return actions
    }

    /// What the machine sent since the last look, as messages.
    func sent() -> [PeerMessage] { Self.messages(machine.takeOutput()) }

    /// What the machine sent since the last look.
    func output() -> [UInt8] { machine.takeOutput() }

    func pieceHeader(_ request: BlockRequest) -> Bool { machine.pieceHeader(request) }

    /// Gives bytes once, and returns how many were taken.
    func take(_ bytes: [UInt8]) -> Int { machine.received(bytes.span, now: now) }

    static func messages(_ bytes: [UInt8]) -> [PeerMessage] {
        var decoder = PeerMessageDecoder(
            limits: PeerMessageLimits(
                acceptsFast: true, acceptsExtensions: true, acceptsHashes: true))
        var position = 0
        var messages: [PeerMessage] = []
        do throws(PeerCloseReason) {
            while let message = try decoder.next(bytes.span, from: &position) {
                messages.append(message)
            }
        } catch {
            preconditionFailure("sent what nobody may: \(error)")
        }
        return messages
    }
}

func block(_ piece: Int, _ begin: Int = 0, _ length: Int = 16_384) -> BlockRequest {
    BlockRequest(piece: PieceIndex(piece), begin: begin, length: length)
}

func hashRequest(
    layer: UInt32 = 0, _ index: UInt32 = 4, _ length: UInt32 = 4, proof: UInt32 = 2
) -> HashRequest {
    guard let root = SHA256Digest(Array(0..<32)) else { preconditionFailure("32 bytes") }
    return HashRequest(
        piecesRoot: root, baseLayer: layer, index: index, length: length, proofLayers: proof)
}

func pieces(_ text: String) -> Bitfield {
    var field = Bitfield(count: text.count)
    for (index, character) in text.enumerated() where character == "*" {
        field[PieceIndex(index)] = true
    }
    return field
}

extension [PeerAction] {
    /// The reason of the `.close` at the end.
    var closeReason: PeerCloseReason? {
        if case .close(let reason) = last { reason } else { nil }
    }
}

extension Handshake {
    init(_ bytes: [UInt8]) throws(PeerCloseReason) { try self.init(parsing: bytes.span) }

    static func couldStart(_ bytes: [UInt8]) -> Bool { couldStart(with: bytes.span) }
}

extension PeerMessageDecoder {
    /// The first message of `bytes`, and how many of them were consumed.
    mutating func first(
        _ bytes: [UInt8]
    ) throws(PeerCloseReason) -> (message: PeerMessage?, count: Int) {
        var position = 0
        let message = try next(bytes.span, from: &position)
        return (message, position)
    }
}
