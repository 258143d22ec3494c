import Metainfo
import TorrentCore

/// Leaves from peers that have to read a piece before they know them.
///
/// BEP 52 does not let a peer refuse leaves whose block it was just asked for and sends. libtorrent
/// does (2.0 and 2.1, `seed_mode`): the request for the block makes it hash the piece on another
/// thread, and a request for leaves that comes before that is done is refused. To ask again when
/// the block is here costs a second round trip; to ask as much later as hashing takes costs just
/// that. How long it takes is learnt from the time between the refusal and the block.
extension TorrentStateMachine {
    /// A peer that takes longer is asked at once, and again when its block is here: that is no
    /// slower over most paths.
    private static let longestLeafLag = Interval.milliseconds(150)

    /// How long a peer is to be left alone before it is asked for leaves.
    func leafLag(of number: Int, _ fetch: HashFetch) -> Interval {
        guard peers[number].leafLag > .zero, fetch.run != nil,
            !fetch.refused.contains(peers[number].key)
        else { return .zero }
        // It has read the piece where it has sent some of it.
        let slot = open.slot(of: fetch.piece)
        guard slot != OpenPieces.none else { return .zero }
        let sender = peers[number].senderKey.rawValue
        let hasSent = (0..<open[slot].blockCount).contains {
            open[slot, $0].status == .present && open[slot, $0].sender == sender
        }
        return hasSent ? .zero : peers[number].leafLag
    }

    /// Puts the question off.
    mutating func delay(_ request: HashRequest, of number: Int, by lag: Interval) {
        let due = now + lag
        hashes.fetches[request]?.state = .delayed(peer: peers[number].key, until: due)
        hashes.fetches[request]?.delay = lag
        hashes.nextDelayed = min(hashes.nextDelayed ?? due, due)
    }

    /// Asks for what was put off until now.
    mutating func wakeDelayedHashes() {
        guard let due = hashes.nextDelayed, due <= now else { return }
        var ready: [HashRequest] = []
        hashes.nextDelayed = nil
        for (request, fetch) in hashes.fetches {
            guard case .delayed(_, let until) = fetch.state else { continue }
            if until <= now {
                ready.append(request)
            } else {
                hashes.nextDelayed = min(hashes.nextDelayed ?? until, until)
            }
        }
        ready.sort { $0.index < $1.index }
        for request in ready {
            guard let fetch = hashes.fetches[request], case .delayed(let key, _) = fetch.state,
                let number = number(of: key), givesHashes(number, fetch.piece)
            else {
                hashes.fetches[request]?.state = .wanted
                continue
            }
            hashes.fetches[request]?.state = .requested(peer: key, at: now)
            actions.append(.requestHashes(key, request))
        }
    }

    /// A block of a piece is here whose leaves were refused or put off: its sender knows them now.
    mutating func resumeLeaves(_ slot: Int, run: Int, sender: UInt32) {
        guard let request = hashes.tree?(open[slot].piece)?.leafRequest(run: run),
            let fetch = hashes.fetches[request]
        else { return }
        switch fetch.state {
        case .postponed(let key, let since):
            if let number = number(of: key), peers[number].senderKey.rawValue == sender {
                learnLeafLag(of: number, delay: fetch.delay, rest: now - since)
            }
        case .delayed: break
        default: return
        }
        hashes.fetches[request]?.state = .wanted
        hashes.hasWork = true
        needsSchedule = true
    }

    /// The peer refused leaves that it was asked for after `delay`, and sent the block `rest` later:
    /// so much more would have done, and a quarter of the whole, since it is never the same.
    private mutating func learnLeafLag(of number: Int, delay: Interval, rest: Interval) {
        let lag = delay.nanoseconds + rest.nanoseconds
        let learnt = Interval(nanoseconds: lag + lag / 4)
        peers[number].leafLag = learnt <= Self.longestLeafLag ? learnt : .zero
    }

    /// The peer gave leaves: next time a little less may do. A refusal costs a round trip, so this
    /// goes slowly.
    mutating func shortenLeafLag(of number: Int) {
        peers[number].leafLag = Interval(
            nanoseconds: peers[number].leafLag.nanoseconds / 128 * 127)
    }
}
