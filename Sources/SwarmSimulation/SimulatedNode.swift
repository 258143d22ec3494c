import PeerProtocol
import Swarm
import TorrentCore
import TorrentTree

/// One client of a simulated swarm.
final class SimulatedNode {
    struct Reader {
        let plan: ReadPlan
        var position = 0
        /// Reads that have been made.
        var made = 0
        var streams: ReadaheadStreams?
        var isWaiting = false
        var since = Timestamp.zero
    }

    let configuration: NodeConfiguration
    let endpoint: Endpoint
    let peerID: PeerID
    var torrent: TorrentStateMachine
    var list: PeerList
    var random: SeededRandom
    /// Verified pieces; a seed keeps none, and serves from the source.
    var store: [PieceIndex: [UInt8]] = [:]
    /// Open pieces.
    var buffers: [PieceIndex: [UInt8]] = [:]
    /// By link number.
    var connections: [Int: SimulatedConnection] = [:]
    var links: [PeerKey: Int] = [:]
    var readers: [Reader] = []
    var isUp = true
    var uplinkFreeAt = Timestamp.zero
    var isUploadScheduled = false
    var nextUpload = 0
    var timerAt: Timestamp?
    var blocksSent = 0
    /// The same by piece.
    var sentOfPiece: [PieceIndex: Int] = [:]
    /// What the lanes of its web seed are sent.
    var serverRuns: [PeerKey: ReadingSimulation.ServerRun] = [:]
    var sharesDrawnAt: Timestamp?
    var windows: [Int: Range<PieceIndex>] = [:]
    var report = NodeReport()

    init(
        configuration: NodeConfiguration, endpoint: Endpoint, peerID: PeerID,
        torrent: TorrentStateMachine, list: PeerList, random: SeededRandom
    ) {
        self.configuration = configuration
        self.endpoint = endpoint
        self.peerID = peerID
        self.torrent = torrent
        self.list = list
        self.random = random
    }

    /// Whether somebody on this node wants the piece: nothing else may be requested.
    func wants(_ piece: PieceIndex) -> Bool {
        windows.values.contains { $0.contains(piece) }
            || readers.contains { reader in
                reader.plan.reads[reader.position..<max(reader.position, reader.made)]
                    .contains { $0.contains(piece) }
            }
    }
}
