import Reactor
import TorrentCore

extension ShardContext {
    /// The stream to a peer, over TCP where it connects in time, else over uTP. Over uTP alone where
    /// the two were introduced (BEP 55): address translators let through what both sides send at
    /// once, and know that of datagrams only.
    func dial(
        _ endpoint: Endpoint, isIntroduced: Bool = false
    ) throws(SystemError) -> any PeerTransport {
        guard let utp, utp.canReach(endpoint.address) else {
            return TCPTransport(try StreamSocket(connectingTo: endpoint))
        }
        if isIntroduced, let transport = utp.connect(to: endpoint, now: .now()) {
            return transport
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
