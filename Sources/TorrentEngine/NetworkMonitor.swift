import Reactor
import Swarm
import TorrentCore

/// Watches the machine's network interfaces, and tells the shard's torrents when the network has gone
/// and when it is back.
final class NetworkMonitor: ReadyHandler {
    private unowned let context: ShardContext
    private let events: InterfaceEvents
    private var presence = NetworkPresence()
    /// Where programs on this machine can be reached, beside loopback.
    private var ownAddresses: Set<IPAddress> = []

    /// Nil for a session that is to reach this machine only, or nobody, and where the kernel does not
    /// tell of changes: then the network always counts as there.
    init?(context: ShardContext, listening: [IPAddress], now: Timestamp) {
        guard !context.configuration.isOffline,
            listening.isEmpty || !listening.allSatisfy(\.isLoopback)
        else { return nil }
        self.context = context
        do throws(SystemError) {
            events = try InterfaceEvents()
            _ = try context.register(self, descriptor: events.descriptor, interest: .read)
        } catch {
            Log.info("\(error): the loss of the network will not be noticed")
            return nil
        }
        look(now: now)
    }

    /// Whether the network has gone.
    var isGone: Bool { presence.isGone }

    /// When `timerFired` is needed next.
    var nextDeadline: Timestamp? { presence.nextDeadline }

    func timerFired(now: Timestamp) { report(presence.timerFired(now: now), now: now) }

    func ready(_ event: ReadyEvent, now: Timestamp) {
        events.drain()
        look(now: now)
    }

    /// What each torrent can reach while the network is gone may change with every peer that comes
    /// or goes.
    func sweep() {
        guard isGone else { return }
        for torrent in context.torrents.values { torrent.networkGone(own: ownAddresses) }
    }

    private func look(now: Timestamp) {
        let interfaces = NetworkInterface.all
        ownAddresses = Set(interfaces.flatMap(\.addresses))
        let change = presence.update(
            interfaces.map {
                NetworkPresence.Interface(hasLink: $0.hasLink, addresses: $0.addresses)
            }, now: now)
        report(change, now: now)
    }

    private func report(_ change: NetworkPresence.Change?, now: Timestamp) {
        switch change {
        case nil: break
        case .gone:
            Log.warning(
                "this machine has no network: no interface has a link and an address but loopback; "
                    + "reads of what is not cached fail until it is back")
            for torrent in context.torrents.values {
                torrent.closeRemote(own: ownAddresses, now: now)
            }
            sweep()
        case .back:
            Log.warning("the network is back")
            context.localDiscovery?.networkReturned(now: now)
            context.dht?.networkReturned(now: now)
            for torrent in context.torrents.values { torrent.networkReturned(now: now) }
        }
    }
}
