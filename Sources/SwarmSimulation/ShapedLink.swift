import Swarm
import TorrentCore

/// One peer of a `ReadingSimulation` at work.
struct ShapedLink {
    let peer: ShapedPeer
    let key: PeerKey
    /// Requests that it has not begun to answer.
    var queue: [BlockRequest] = []
    /// When each block in its send buffer leaves, in order.
    var sending: [(start: Timestamp, end: Timestamp)] = []
    var bufferedBytes = 0
    /// When all that it has begun to answer is out.
    var freeAt = Timestamp.zero
    /// When the last message to it arrives: none overtakes another.
    var lastArrival = Timestamp.zero
    var isChoking = false
    var isGone = false

    /// When the last of its bytes that are here came, where it is sending a block now.
    func lastByte(now: Timestamp) -> Timestamp? {
        guard let current = sending.first, current.start <= now else { return nil }
        guard case .stalls(let first, let time, let period) = peer.trouble, now > first else {
            return now
        }
        let phase = Interval(nanoseconds: (now - first).nanoseconds % period.nanoseconds)
        guard phase < time else { return now }
        return max(current.start, now + (.zero - phase))
    }
}
