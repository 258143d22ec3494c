import Reactor
import TorrentCore
import TrackerProtocol

/// The shard's UDP sockets for trackers: one an address family, one state machine an endpoint.
final class UDPTrackerClient: ReadyHandler {
    private struct Waiting {
        let torrent: TorrentID
        let isScrape: Bool
        let tracker: Int
        let endpoint: Endpoint
        let request: UDPTrackerRequestID

        var leg: AnnounceLeg {
            AnnounceLeg(tracker: tracker, family: AnnounceFamily(endpoint.address))
        }
    }

    /// Datagrams taken from a socket in one turn of the loop: anybody can send any number.
    private static let datagramsPerTurn = 64

    private unowned let context: ShardContext
    private var sockets: [Bool: DatagramSocket] = [:]
    private var machines: [Endpoint: UDPTrackerStateMachine] = [:]
    private var waiting: [Waiting] = []

    init(context: ShardContext) { self.context = context }

    /// Announces for a torrent; the torrent is told the result.
    func announce(
        _ request: AnnounceRequest, urlData: [UInt8], to endpoint: Endpoint, torrent: TorrentID,
        tracker: Int, now: Timestamp
    ) {
        ask(endpoint, torrent, tracker, isScrape: false, now: now) {
            $0.announce(request, urlData: urlData, now: now)
        }
    }

    /// Asks how a torrent fares; the torrent is told.
    func scrape(
        _ hash: SHA1Digest, at endpoint: Endpoint, torrent: TorrentID, tracker: Int, now: Timestamp
    ) {
        ask(endpoint, torrent, tracker, isScrape: true, now: now) { $0.scrape([hash], now: now) }
    }

    private func ask(
        _ endpoint: Endpoint, _ torrent: TorrentID, _ tracker: Int, isScrape: Bool, now: Timestamp,
        _ ask: (inout UDPTrackerStateMachine) -> UDPTrackerRequestID
    ) {
        // A tracker's name may stand for ever new addresses.
        if machines[endpoint] == nil { machines = machines.filter { !$1.isSpent(now: now) } }
        let seed = UInt64.random(in: 0...(.max))
        let id = ask(
            &machines[endpoint, default: UDPTrackerStateMachine(endpoint: endpoint, seed: seed)])
        waiting.append(
            Waiting(
                torrent: torrent, isScrape: isScrape, tracker: tracker, endpoint: endpoint,
                request: id))
        run(endpoint, now: now)
    }

    /// Forgets what a torrent announced to a tracker, or (nil) asked of all its trackers.
    func cancel(torrent: TorrentID, tracker: Int?) {
        waiting.removeAll { entry in
            let isMeant = tracker == nil || entry.tracker == tracker && !entry.isScrape
            guard entry.torrent == torrent, isMeant else { return false }
            machines[entry.endpoint]?.cancel(entry.request)
            return true
        }
    }

    /// When `timerFired` is due.
    var nextDeadline: Timestamp? { machines.values.compactMap(\.nextDeadline).min() }

    /// Retransmits and gives up what is due.
    func timerFired(now: Timestamp) {
        for endpoint in Array(machines.keys) {
            guard let due = machines[endpoint]?.nextDeadline, now >= due else { continue }
            machines[endpoint]?.timerFired(now: now)
            run(endpoint, now: now)
        }
    }

    func ready(_ event: ReadyEvent, now: Timestamp) {
        for socket in sockets.values {
            for _ in 0..<Self.datagramsPerTurn {
                guard let (bytes, sender) = socket.receive() else { break }
                machines[sender]?.received(bytes.span, from: sender, now: now)
                run(sender, now: now)
            }
        }
    }

    private func run(_ endpoint: Endpoint, now: Timestamp) {
        while let actions = machines[endpoint]?.takeActions(), !actions.isEmpty {
            for action in actions {
                switch action {
                case .send(let datagram, let destination):
                    send(datagram, to: destination)
                case .announced(let id, let response):
                    guard let entry = finish(id, at: endpoint) else { continue }
                    context.torrents[entry.torrent]?.legEnded(
                        entry.leg, .success(response), now: now)
                case .scraped(let id, let entries):
                    guard let entry = finish(id, at: endpoint) else { continue }
                    context.torrents[entry.torrent]?.scraped(entry.tracker, entries.first)
                case .failed(let id, let error):
                    guard let entry = finish(id, at: endpoint) else { continue }
                    let torrent = context.torrents[entry.torrent]
                    if entry.isScrape {
                        torrent?.scraped(entry.tracker, nil)
                    } else {
                        torrent?.legEnded(entry.leg, .failure(error), now: now)
                    }
                }
            }
        }
    }

    private func finish(_ id: UDPTrackerRequestID, at endpoint: Endpoint) -> Waiting? {
        waiting.firstIndex { $0.request == id && $0.endpoint == endpoint }
            .map { waiting.remove(at: $0) }
    }

    private func send(_ datagram: [UInt8], to endpoint: Endpoint) {
        do throws(SystemError) {
            try socket(isV6: endpoint.address.isV6).send(datagram, to: endpoint)
        } catch {
            Log.debug("tracker \(endpoint): \(error)")
        }
    }

    private func socket(isV6: Bool) throws(SystemError) -> DatagramSocket {
        if let socket = sockets[isV6] { return socket }
        let any = isV6 ? IPAddress.v6(0, 0) : IPAddress.v4(0)
        let socket = try DatagramSocket(Endpoint(address: any, port: 0))
        _ = try context.register(self, descriptor: socket.descriptor, interest: .read)
        sockets[isV6] = socket
        return socket
    }
}
