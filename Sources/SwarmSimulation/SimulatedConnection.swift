import PeerProtocol
import Swarm
import TorrentCore

/// One side of a link.
final class SimulatedConnection {
    /// Where the block goes that arrives now.
    enum Sink { case direct, scratch, discard }

    let link: Int
    let side: Int
    /// The node at the other end.
    let remote: Int
    let key: PeerKey
    var machine: PeerStateMachine
    /// Known to the torrent's machine.
    var isAnnounced = false
    var input: [UInt8] = []
    var uploads = UploadQueue()
    var sink = Sink.discard
    var scratch: [UInt8] = []
    var blocksSent = 0
    /// Its share of an uneven uplink, and how much of it it has had.
    var share = 1.0
    var served = 0.0
    /// Requests that are out, to check that none is doubled.
    var requested: Set<BlockRequest> = []
    var wasUseful = false

    init(link: Int, side: Int, remote: Int, key: PeerKey, machine: PeerStateMachine) {
        self.link = link
        self.side = side
        self.remote = remote
        self.key = key
        self.machine = machine
    }
}
