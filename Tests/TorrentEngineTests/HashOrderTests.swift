import Metainfo
import PeerProtocol
import Testing
import TorrentCore
import TorrentEngine

@Suite("A reader gets the piece layers that it asks for, and then blocks (BEP 52)", .serialized)
struct HashOrderTests {
    /// Requests for the whole piece layers of the torrent's files.
    private static func layerRequests(_ swarmlet: Swarmlet) throws -> [HashRequest] {
        let layout = swarmlet.metainfo.info.layout
        return try layout.files.filter { layout.hasPieceLayer($0) }.map { file in
            let depth = layout.treeHeight(of: file) - layout.pieceLayer
            return HashRequest(
                piecesRoot: try #require(layout.piecesRoot(of: file)),
                baseLayer: UInt32(layout.pieceLayer), index: 0, length: 1 << UInt32(depth),
                proofLayers: 0)
        }
    }

    /// Asks for two of the three files' layers and a block, and does not go on to ask for the third.
    @Test func `of a hybrid`() async throws {
        let swarmlet = try Swarmlet(
            sizes: ["a": 900_000, "b": 900_000, "c": 900_000], version: .hybrid)
        let requests = try Self.layerRequests(swarmlet)
        #expect(requests.count == 3)
        let port = try await swarmlet.seeder().listenPort
        let hash = try #require(swarmlet.metainfo.info.identity.v2).truncated
        let order = try await blocking {
            Result {
                let wire = try Wire(dialling: port)
                try wire.sendHandshake(hash)
                try wire.readHandshake()
                try wire.send(.interested)
                while try wire.next() != .unchoke {}
                let block = BlockRequest(piece: PieceIndex(0), begin: 0, length: 16384)
                var bytes: [UInt8] = []
                for message in [
                    PeerMessage.hashRequest(requests[0]), .request(block),
                    .hashRequest(requests[1]),
                ] {
                    PeerMessageEncoder.append(message, to: &bytes)
                }
                try wire.send(bytes)
                var order: [String] = []
                while order.count < 3 {
                    switch try wire.next() {
                    case .hashes: order.append("hashes")
                    case .piece: order.append("block")
                    case .hashReject, .reject: order.append("refusal")
                    default: continue
                    }
                }
                return order
            }
        }.get()
        #expect(order == ["hashes", "hashes", "block"])
        await swarmlet.end()
    }
}
