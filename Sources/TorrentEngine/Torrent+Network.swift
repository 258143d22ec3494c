import Metainfo
import PieceStorage
import Reactor
import Swarm
import TorrentCore

/// The machine's network goes and comes back.
extension Torrent {
    /// Hosts in URLs that are this machine whatever its network does.
    private static let loopbackHosts = ["localhost", "127.", "[::1]"]

    /// Closes connections that lead elsewhere: what is sent on them goes nowhere, and their peers are
    /// to be called at once when the network is back.
    func closeRemote(own: Set<IPAddress>, now: Timestamp) {
        for connection in Array(connections.values)
        where !Self.isNear(connection.endpoint.address, own) {
            connection.close("the network is gone", now: now)
        }
    }

    /// While the network is gone: reads of what is missing fail, unless somebody on this machine may
    /// have it.
    func networkGone(own: Set<IPAddress>) {
        store?.setCutOff(!hasNearSource(own))
    }

    /// Goes on where things were left.
    func networkReturned(now: Timestamp) {
        guard !isStopping else { return }
        store?.setCutOff(false)
        peerList.networkReturned(now: now)
        isDialDue = true
        announces.networkReturned(now: now)
        swarm?.networkReturned(now: now)
        hurryDHT(now: now)
    }

    private func hasNearSource(_ own: Set<IPAddress>) -> Bool {
        connections.values.contains { $0.isAccepted && Self.isNear($0.endpoint.address, own) }
            || peerList.contains { Self.isNear($0, own) }
            || namesNearServer
    }

    /// Whether a tracker or web seed is on this machine.
    private var namesNearServer: Bool {
        let urls =
            sources.trackerTiers.flatMap { $0 } + sources.webSeeds + (metainfo?.webSeeds ?? [])
        return urls.contains { url in
            guard let start = url.firstRange(of: "://") else { return false }
            return Self.loopbackHosts.contains { url[start.upperBound...].hasPrefix($0) }
        }
    }

    private static func isNear(_ address: IPAddress, _ own: Set<IPAddress>) -> Bool {
        address.isLoopback || own.contains(address)
    }
}
