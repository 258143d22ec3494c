import Reactor
import TorrentCore

extension Session {
    /// Whether a router is asked to forward the port.
    package var mapsPort: Bool { portMapper != nil }

    /// The port that peers and trackers are told: where a router forwards another one, that one.
    package var advertisedPort: UInt16 {
        get async { await shard.advertisedPort }
    }

    /// Begins to have the port forwarded, where that is wanted and peers can come from elsewhere.
    static func portMapper(
        _ configuration: SessionConfiguration, port: UInt16, mailbox: Mailbox<ShardMessage>
    ) -> PortMapper? {
        let isReachable =
            switch configuration.portMapping {
            case .off: false
            case .automatic: configuration.listen.contains { $0.address?.isLoopback != true }
            case .gateways: true
            }
        guard isReachable, port != 0 else { return nil }
        do throws(SystemError) {
            return try PortMapper(port: port, scope: configuration.portMapping) {
                mailbox.post(.portMapped($0))
            }
        } catch {
            Log.error("no router is asked to forward the port: \(error)")
            return nil
        }
    }
}

extension Shard {
    /// The port that peers and trackers are told.
    var advertisedPort: UInt16 { context.listenPort }
}
