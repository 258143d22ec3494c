import DHTProtocol
import Reactor
import TorrentCore
import TorrentCrypto

/// The shard's node of the DHT: moves datagrams between its state machine and the UDP port, looks the
/// entrances' names up, and tells torrents what was found.
final class DHTNode: DatagramReceiver {
    /// How often the table is written down, besides when it has first been filled and at the end.
    private static let saveInterval = Interval.seconds(10 * 60)

    private unowned let context: ShardContext
    private let port: DatagramPort
    private let options: DHTOptions
    private let stateFile: DHTStateFile?
    private var machine: DHTStateMachine
    private var nextSave: Timestamp
    /// Whether no listening address reaches beyond this machine.
    private let isLoopbackOnly: Bool

    init(_ options: DHTOptions, port: DatagramPort, context: ShardContext, now: Timestamp) {
        self.context = context
        self.port = port
        self.options = options
        isLoopbackOnly = port.endpoints.allSatisfy(\.address.isLoopback)
        // Nodes of one DHT lead nowhere in another.
        let isPublic = options.bootstrap == nil && !isLoopbackOnly
        stateFile = isPublic ? options.stateFile.map(DHTStateFile.init(path:)) : nil
        var configuration = DHTConfiguration()
        configuration.families = Set(port.endpoints.map { AddressFamily(of: $0.address) })
        var generator = SystemRandomNumberGenerator()
        machine = DHTStateMachine(
            configuration: configuration, saved: stateFile?.read() ?? DHTSavedState(),
            secret: (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) },
            hashing: OpenSSLHashing(), verifier: Ed25519(), now: now)
        nextSave = now + Self.saveInterval
    }

    /// Begins to find its way into the DHT.
    func start(now: Timestamp) {
        port.dht = self
        lookUpEntrances()
        run(now: now)
    }

    /// Writes the table down and hears nothing more.
    func stop() {
        port.dht = nil
        stateFile?.write(machine.savedState)
    }

    /// The network is there again: nodes that did not answer meanwhile may be lost to the table.
    func networkReturned(now: Timestamp) {
        lookUpEntrances()
        run(now: now)
    }

    // MARK: - Entrances

    private func lookUpEntrances() {
        let mailbox = context.mailbox
        // From the loopback device none can be reached: not even their names are asked for.
        let routers = isLoopbackOnly ? [] : DHTOptions.publicRouters
        let areRouters = options.bootstrap == nil
        for text in options.bootstrap ?? routers {
            guard let (host, port) = Torrent.hostAndPort(text) else { continue }
            context.resolver.resolve(host, port: port) {
                mailbox.post(.dhtEntrancesResolved($0, areRouters: areRouters))
            }
        }
    }

    /// Entrances that the user or nobody named have been looked up.
    func entrancesResolved(_ endpoints: [Endpoint], areRouters: Bool, now: Timestamp) {
        machine.bootstrap(
            endpoints.filter { port.hasFamily(of: $0.address) }, areRouters: areRouters, now: now)
        run(now: now)
    }

    /// Nodes that a .torrent file names (BEP 5): strangers' words, so no way into the local network.
    func addTorrentNodes(_ nodes: [String]) {
        guard options.bootstrap == nil, !isLoopbackOnly else { return }
        let mailbox = context.mailbox
        for text in nodes {
            guard let (host, port) = Torrent.hostAndPort(text) else { continue }
            context.resolver.resolve(host, port: port) { endpoints in
                mailbox.post(.dhtNodesNamed(endpoints.filter { $0.address.scope == .global }))
            }
        }
    }

    /// A node may be there: a peer has said so, or a torrent.
    func addNode(_ endpoint: Endpoint, now: Timestamp) {
        guard port.hasFamily(of: endpoint.address) else { return }
        machine.addNode(endpoint, now: now)
        run(now: now)
    }

    // MARK: - Torrents

    /// Looks for a torrent's peers until `endSearch`, and announces us as one where `isAnnounced`.
    func search(_ hashes: [SHA1Digest], isAnnounced: Bool, isSeed: Bool, now: Timestamp) {
        let announce =
            isAnnounced
            ? DHTAnnounce(port: context.listenPort, isPortImplied: true, isSeed: isSeed) : nil
        for hash in hashes { machine.search(hash, announce: announce, now: now) }
        run(now: now)
    }

    /// Looks no more for a torrent's peers.
    func endSearch(_ hashes: [SHA1Digest], now: Timestamp) {
        for hash in hashes { machine.endSearch(hash, now: now) }
        run(now: now)
    }

    /// Somebody waits for more peers.
    func hurry(_ hashes: [SHA1Digest], now: Timestamp) {
        for hash in hashes { machine.hurry(hash, now: now) }
        run(now: now)
    }

    // MARK: - The loop

    /// When `timerFired` is due.
    var nextDeadline: Timestamp? { min(machine.nextDeadline ?? nextSave, nextSave) }

    /// Does what is due.
    func timerFired(now: Timestamp) {
        if now >= nextSave { save(now: now) }
        if let due = machine.nextDeadline, now >= due { machine.timerFired(now: now) }
        run(now: now)
    }

    /// How many nodes are known.
    var nodeCount: Int { machine.nodeCount }

    /// The node's figures.
    func statistics(now: Timestamp) -> DHTStatistics { machine.statistics(now: now) }

    func received(_ datagram: Span<UInt8>, from sender: Endpoint, now: Timestamp) {
        machine.received(datagram, from: sender, now: now)
        run(now: now)
    }

    func finishedReceiving(now: Timestamp) {}

    // What was refused is asked again when it is late.
    func canSend(now: Timestamp) {}

    private func save(now: Timestamp) {
        nextSave = now + Self.saveInterval
        stateFile?.write(machine.savedState)
    }

    private func run(now: Timestamp) {
        for action in machine.takeActions() {
            switch action {
            case .send(let datagram, let endpoint):
                port.send(datagram, to: endpoint)
            case .peersFound(let hash, let peers):
                context.torrent(servedUnder: hash)?.foundByDHT(peers, now: now)
            case .searchEnded(let hash, _, let peers, let count):
                Log.debug("\(hash): the DHT knows \(peers) peers, \(count) nodes told of us")
            case .bootstrapped:
                save(now: now)
            case .bootstrapFailed:
                Log.debug("nobody answers in the DHT")
                lookUpEntrances()
            case .itemLookupEnded:
                break
            }
        }
    }
}
