import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// The shard's sockets for finding peers on the local network (BEP 14), one an address family.
final class LocalDiscoveryService: ReadyHandler {
    /// Datagrams taken from a socket in one turn of the loop: anybody near can send any number.
    private static let datagramsPerTurn = 64
    /// Interfaces that are announced on. A machine with more has most of them for containers.
    private static let interfaceLimit = 16

    private unowned let context: ShardContext
    /// Where peers are accepted; the unspecified addresses stand for all.
    private let listening: [IPAddress]
    private let scope: LocalDiscoveryScope
    private var sockets: [MulticastSocket] = []
    private var discovery: LocalDiscovery
    private var interfaces: [NetworkInterface] = []

    /// Joins the groups; nil where it is off, or where nobody is accepted to be found.
    init?(context: ShardContext, listening: [IPAddress], now: Timestamp) {
        guard context.configuration.localDiscovery != .off, context.listenPort != 0,
            !listening.isEmpty
        else { return nil }
        self.context = context
        self.listening = listening
        scope = context.configuration.localDiscovery
        discovery = LocalDiscovery(
            port: context.listenPort, seed: .random(in: 0...(.max)), now: now)
        interfaces = usableInterfaces()
        for group in [LocalAnnouncement.groupV4, LocalAnnouncement.groupV6]
        where listening.contains(where: { $0.isV6 == group.address.isV6 }) {
            open(group)
        }
        // Interfaces that come up later are joined when they are announced on.
        joinGroups()
    }

    private func open(_ group: Endpoint) {
        do throws(SystemError) {
            let socket = try MulticastSocket(group: group)
            _ = try context.register(self, descriptor: socket.descriptor, interest: .read)
            sockets.append(socket)
        } catch {
            Log.debug("local discovery: \(error)")
        }
    }

    private func joinGroups() {
        for socket in sockets {
            for interface in interfaces { socket.join(interface) }
        }
    }

    /// The network is there again, perhaps another one.
    func networkReturned(now: Timestamp) { discovery.networkReturned(now: now) }

    private func usableInterfaces() -> [NetworkInterface] {
        let usable = NetworkInterface.all.filter { interface in
            switch scope {
            case .off: false
            case .interfaces(let names): names.contains(interface.name)
            case .listening: interface.isMulticast && isListening(on: interface)
            }
        }
        return Array(usable.prefix(Self.interfaceLimit))
    }

    private func isListening(on interface: NetworkInterface) -> Bool {
        interface.addresses.contains { address in
            !address.isLoopback
                && listening.contains {
                    $0 == address || ($0.isUnspecified && $0.isV6 == address.isV6)
                }
        }
    }

    /// Announces the torrents that are due: those that may be found, so none that is private.
    func announce(now: Timestamp) {
        guard !sockets.isEmpty else { return }
        var infoHashes: Set<SHA1Digest> = []
        for torrent in context.torrents.values where torrent.mayBeFoundLocally {
            infoHashes.formUnion(torrent.identity.announcedHashes)
        }
        guard let announcement = discovery.nextAnnouncement(of: infoHashes, now: now) else {
            return
        }
        interfaces = usableInterfaces()
        joinGroups()
        for socket in sockets {
            let datagram = announcement.encoded(for: socket.group)
            for interface in interfaces {
                guard let source = source(on: interface, isV6: socket.group.address.isV6) else {
                    continue
                }
                socket.send(datagram, by: interface, from: source)
            }
        }
    }

    /// The address by which others reach us on an interface: one that we listen at, if only there.
    private func source(on interface: NetworkInterface, isV6: Bool) -> IPAddress? {
        let addresses = interface.addresses.filter { $0.isV6 == isV6 }
        return addresses.first { listening.contains($0) } ?? addresses.first
    }

    func ready(_ event: ReadyEvent, now: Timestamp) {
        for socket in sockets {
            for _ in 0..<Self.datagramsPerTurn {
                // One byte more than is allowed shows what is too long.
                guard
                    let (bytes, sender) = socket.receive(limit: LocalAnnouncement.maximumLength + 1)
                else { break }
                guard let found = discovery.received(bytes, from: sender.address, now: now) else {
                    continue
                }
                for hash in found.infoHashes {
                    guard let torrent = context.torrent(servedUnder: hash),
                        torrent.mayBeFoundLocally
                    else { continue }
                    torrent.peerFoundLocally(found.peer, now: now)
                }
            }
        }
    }
}

extension Torrent {
    /// Whether the local network may know of the torrent. While only the infohash is known that is
    /// so, as in libtorrent: how else should one machine of a rack get the metadata from another?
    var mayBeFoundLocally: Bool { !isPrivate && !isStopping }

    /// Somebody on the local network takes part in the torrent.
    func peerFoundLocally(_ peer: Endpoint, now: Timestamp) {
        peerList.add([peer], source: .local, namer: peer.address, now: now)
        isDialDue = true
    }
}
