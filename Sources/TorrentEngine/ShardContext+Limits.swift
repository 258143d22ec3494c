import Reactor
import Swarm
import TorrentCore

/// How many connections there may be, over all torrents.
extension ShardContext {
    /// Incoming connections from one address: enough for an office behind one, too few for one
    /// machine to take the place of everybody else.
    private static let incomingPerAddress = 32

    /// Whether another peer may be dialled.
    var mayDial: Bool {
        torrents.values.reduce(0) { $0 + $1.connections.count } < configuration.connectionLimit
    }

    /// Whether a peer that has connected and named its torrent may stay. Where there is no place
    /// left, one that neither side wants anything of has to go, the oldest first.
    ///
    /// Incoming ones get three quarters of the places: strangers must not be able to keep a reader
    /// from dialling those who have its pieces.
    func makeRoom(forIncoming endpoint: Endpoint, now: Timestamp) -> Bool {
        let incoming = torrents.values.flatMap { $0.connections.values.filter { !$0.isOutgoing } }
        let neighbours = incoming.filter { $0.endpoint.address == endpoint.address }
        let crowd: [PeerConnection]
        if neighbours.count >= Self.incomingPerAddress {
            crowd = neighbours
        } else if incoming.count >= max(1, configuration.connectionLimit / 4 * 3) {
            crowd = incoming
        } else {
            return true
        }
        let oldest = crowd.filter(\.isIdle).min { $0.key.rawValue < $1.key.rawValue }
        guard let oldest else { return false }
        oldest.close("idle, and its place is needed", now: now)
        return true
    }
}
