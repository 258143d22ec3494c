import Reactor
import TorrentCore

extension ShardContext {
    /// The stream to a peer whom `socket` is being connected to: uTP has its chance too.
    func dialled(_ socket: StreamSocket, to endpoint: Endpoint) -> any PeerTransport {
        guard let utp, utp.canReach(endpoint.address) else { return TCPTransport(socket) }
        return RacingTransport(socket, to: endpoint, port: utp)
    }
}
