import Reactor
import TorrentCore

extension ShardContext {
    /// The stream to a peer, over TCP where it connects in time, else over uTP.
    func dial(_ endpoint: Endpoint) throws(SystemError) -> any PeerTransport {
        guard let utp, utp.canReach(endpoint.address) else {
            return TCPTransport(try StreamSocket(connectingTo: endpoint))
        }
        let socket: StreamSocket
        do throws(SystemError) {
            socket = try StreamSocket(connectingTo: endpoint)
        } catch {
            guard error.isRefusal else { throw error }
            return RacingTransport(to: endpoint, port: utp, refused: error)
        }
        return RacingTransport(socket, to: endpoint, port: utp)
    }
}
