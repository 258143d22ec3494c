import DHTProtocol
import TorrentCore

/// A node of a simulated DHT.
struct SimulatedDHTNode {
    enum Role {
        /// A real state machine.
        case honest(DHTStateMachine)
        /// Mischief under an ID.
        case hostile(DHTHostility, NodeID)
        /// A machine that is being worked on.
        case idle
    }

    let endpoint: Endpoint
    var role: Role
    /// Before its start a node hears nothing.
    var isStarted = false

    var machine: DHTStateMachine? {
        if case .honest(let machine) = role { machine } else { nil }
    }
}
