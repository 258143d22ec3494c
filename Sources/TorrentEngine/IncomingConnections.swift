import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// Accepts connections and keeps them until their handshake says which torrent they are for.
final class IncomingConnections: PeerConnectionOwner {
    /// Connections that have not shaken hands. For more, older ones are closed, so that strangers
    /// who say nothing can neither use up descriptors nor keep others out: an honest peer needs a
    /// place for one round trip only.
    private static let limit = 64
    /// Connections taken in one turn of the loop, so that a flood of them does not hold up reads.
    private static let acceptsPerTurn = 64

    private let context: ShardContext
    private var listeners: [ListeningSocket] = []
    private var waiting: [PeerKey: PeerConnection] = [:]
    /// Listeners that are not watched until the next sweep, since there was no descriptor.
    private var paused: [ListeningSocket] = []

    init(context: ShardContext) { self.context = context }

    /// Accepts on a listener that is bound already.
    func listen(on listener: Listener) throws(SystemError) {
        let socket = ListeningSocket(listener) { [unowned self] in accept(on: $0, now: $1) }
        socket.token = try context.register(
            socket, descriptor: listener.descriptor, interest: .read)
        listeners.append(socket)
    }

    /// Closes every listener and every connection that waits.
    func stop(now: Timestamp) {
        for listener in listeners {
            context.unregister(listener.token, descriptor: listener.listener.descriptor)
        }
        listeners = []
        paused = []
        for connection in Array(waiting.values) { connection.shutDown(now: now) }
    }

    /// Fires the timers of those that wait; returns when to come again.
    func sweep(now: Timestamp) {
        for connection in Array(waiting.values) {
            if now >= connection.nextDeadline { connection.timerFired(now: now) }
        }
        let resumed = paused
        paused = []
        for socket in resumed { watch(socket, .read) }
    }

    private func accept(on listening: ListeningSocket, now: Timestamp) {
        for _ in 0..<Self.acceptsPerTurn {
            guard let (socket, remote) = listening.listener.accept() else {
                if let shortage = listening.listener.shortage { pause(listening, shortage) }
                return
            }
            take(TCPTransport(socket), from: remote, now: now)
        }
    }

    /// Waits for the handshake of a peer that has connected.
    func take(_ transport: any PeerTransport, from remote: Endpoint, now: Timestamp) {
        if waiting.count >= Self.limit { closeOne(now: now) }
        let machine = PeerStateMachine(
            role: .incoming, configuration: context.peerConfiguration, now: now)
        do throws(SystemError) {
            let connection = try PeerConnection(
                key: context.nextPeerKey(), endpoint: remote, isOutgoing: false,
                transport: context.incoming(transport), machine: machine, owner: self,
                context: context, now: now)
            waiting[connection.key] = connection
        } catch {
            Log.warning("cannot take a connection from \(remote): \(error)")
        }
    }

    /// Without a descriptor to take it with, a connection that waits would wake the loop for ever.
    private func pause(_ socket: ListeningSocket, _ shortage: SystemError) {
        Log.warning("cannot take connections now: \(shortage)")
        watch(socket, [])
        paused.append(socket)
    }

    private func watch(_ socket: ListeningSocket, _ interest: EventInterest) {
        do throws(SystemError) {
            try context.loop.modify(
                socket.listener.descriptor, token: socket.token, interest: interest)
        } catch {
            Log.error("a listener is lost: \(error)")
        }
    }

    /// Closes the oldest connection from the address that has most.
    private func closeOne(now: Timestamp) {
        var counts: [IPAddress: Int] = [:]
        for connection in waiting.values { counts[connection.endpoint.address, default: 0] += 1 }
        let most = counts.values.max()
        waiting.values.filter { counts[$0.endpoint.address] == most }
            .min { $0.key.rawValue < $1.key.rawValue }?
            .close("its place is needed", now: now)
    }

    // MARK: - PeerConnectionOwner

    func connection(_ connection: PeerConnection, received action: PeerAction, now: Timestamp) {
        guard case .handshakeReceived(let handshake) = action else { return }
        guard let torrent = context.torrent(servedUnder: handshake.infoHash) else {
            connection.close("asked for a torrent that is not here", now: now)
            return
        }
        waiting[connection.key] = nil
        torrent.adopt(connection, handshake: handshake, now: now)
    }

    func connectionClosed(_ connection: PeerConnection, reason: String, now: Timestamp) {
        waiting[connection.key] = nil
        Log.debug("\(connection.endpoint): \(reason)")
    }

    func connectionCanSend(_ connection: PeerConnection, now: Timestamp) {}
}
