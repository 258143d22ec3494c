import TorrentCore

/// What happens in a simulated DHT.
enum DHTSimulationEvent {
    /// A datagram arrives.
    case deliver(node: Int, datagram: [UInt8], from: Endpoint)
    /// A node's deadline has come.
    case timer(node: Int)
    /// A node starts.
    case start(node: Int)
    /// A hostile node does its mischief.
    case mischief(node: Int)
}
