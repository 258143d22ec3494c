import DHTProtocol
import Glibc
import Reactor
import TorrentCore

/// A node of the DHT on the loopback that names one peer to whoever asks, whatever for.
final class DHTTestNode: Sendable {
    let port: UInt16
    private let isOver = Locked(false)
    private let announces = Locked(0)

    /// How often somebody announced a torrent.
    var announceCount: Int { announces.withLock { $0 } }

    /// Names the peer at `peer` on the loopback.
    init(naming peer: UInt16) throws {
        let socket = try DatagramSocket(Endpoint(address: .loopbackV4, port: 0))
        port = socket.endpoint.port
        // Given to the thread, which alone uses it.
        nonisolated(unsafe) let owned = socket
        let (isOver, announces) = (isOver, announces)
        _ = try Thread(name: "test-dht") {
            while !isOver.withLock({ $0 }) {
                guard let (bytes, sender) = owned.receive() else {
                    usleep(1000)
                    continue
                }
                guard let answer = Self.answer(bytes, naming: peer, announces) else { continue }
                owned.send(answer, to: sender)
            }
        }
    }

    /// Ends the thread, which closes the socket.
    deinit { isOver.withLock { $0 = true } }

    private static func answer(
        _ datagram: [UInt8], naming peer: UInt16, _ announces: Locked<Int>
    ) -> [UInt8]? {
        guard let question = try? KRPCMessage(decoding: datagram),
            case .query(let query, _) = question.body,
            let id = NodeID([UInt8](repeating: 0x5A, count: NodeID.byteCount))
        else { return nil }
        var response = DHTResponse()
        response.nodes = []
        if case .getPeers = query {
            response.token = [1, 2, 3, 4]
            response.peers = [Endpoint(address: .loopbackV4, port: peer)]
        }
        if case .announcePeer = query { announces.withLock { $0 += 1 } }
        return KRPCMessage(
            transaction: question.transaction, body: .response(response, sender: id)
        ).encoded
    }
}
