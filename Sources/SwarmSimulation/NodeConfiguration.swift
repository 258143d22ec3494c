package import Swarm
package import TorrentCore

/// One node of a simulated swarm.
package struct NodeConfiguration: Sendable {
    /// It has the whole torrent from the start.
    package var isSeed = false
    /// How it treats its peers.
    package var behaviour = NodeBehaviour.honest
    /// Bytes a second that it can send, over all its links.
    package var uplink = 2_000_000.0
    /// How unevenly its links share the uplink, as TCP does through a queue that overflows: the share
    /// of each is drawn anew every two seconds, and differs from the mean by up to this power of e.
    package var unevenness = 0.0
    /// Time that its bytes need to anybody.
    package var latency = Interval.milliseconds(20)
    /// What is read there.
    package var plans: [ReadPlan] = []
    /// The limits of its state machine.
    package var swarm = SwarmConfiguration()
    /// Others dial it, and it dials them.
    package var dials = true
    /// It is up for about this long, then down for a fifth of it, and so on.
    package var uptime: Interval?

    /// An honest leecher with nothing to read.
    package init() {}

    /// Somebody with the whole torrent.
    package static func seed(
        uplink: Double = 2_000_000, behaviour: NodeBehaviour = .honest
    ) -> Self {
        var configuration = Self()
        configuration.isSeed = true
        configuration.uplink = uplink
        configuration.behaviour = behaviour
        return configuration
    }

    /// Somebody who reads.
    package static func reader(_ plans: ReadPlan..., uplink: Double = 2_000_000) -> Self {
        var configuration = Self()
        configuration.plans = plans
        configuration.uplink = uplink
        return configuration
    }
}
