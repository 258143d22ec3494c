import PeerProtocol
import Reactor
import Swarm
import TorrentCore

/// Finding and dialling peers.
extension Torrent {
    /// How long dialling rests while the session has as many connections as it may have.
    private static let dialRetry = Interval.milliseconds(500)

    /// Looks a `host:port` up and adds what it finds.
    func resolvePeer(_ text: String, isFromMagnet: Bool) {
        guard let (host, port) = Self.hostAndPort(text) else {
            Log.warning("\(identity): peer \(text) is not HOST:PORT")
            return
        }
        let (id, mailbox) = (self.id, context.mailbox)
        context.resolver.resolve(host, port: port) { endpoints in
            if endpoints.isEmpty { Log.warning("peer \(text): the host has no address") }
            mailbox.post(.peersResolved(id, endpoints, isFromMagnet: isFromMagnet))
        }
    }

    /// Peers that the user named, or only the magnet; the latter not for a private torrent (BEP 27).
    func peersResolved(_ endpoints: [Endpoint], isFromMagnet: Bool, now: Timestamp) {
        guard !isFromMagnet || !isPrivate else { return }
        addPeers(endpoints, source: isFromMagnet ? .magnet : .user, now: now)
    }

    /// Adds candidates.
    func addPeers(_ endpoints: [Endpoint], source: PeerSource, now: Timestamp) {
        for own in context.ownAddresses { peerList.setOwnAddress(own) }
        peerList.add(endpoints, source: source, now: now)
        isDialDue = true
    }

    /// Connects to whom the peer list chooses. The list is only looked at when it has changed or
    /// its time has come, since that is linear in its length.
    func dial(now: Timestamp) {
        if let dialDeadline, now >= dialDeadline { isDialDue = true }
        guard isDialDue, !isStopping else { return }
        isDialDue = false
        connectToCandidates(now: now)
        dialDeadline = peerList.nextDeadline(connections: connections.count)
        // The list knows nothing of what other torrents take.
        if let due = dialDeadline, due <= now { dialDeadline = now + Self.dialRetry }
    }

    private func connectToCandidates(now: Timestamp) {
        while context.mayDial,
            let endpoint = peerList.nextDial(now: now, connections: connections.count)
        {
            do throws(SystemError) {
                let hash = dialHash(for: endpoint)
                let transport = try context.outgoing(
                    context.dial(endpoint, isIntroduced: isIntroduced(endpoint, now: now)),
                    about: hash,
                    isEncrypted: context.encrypts(
                        dialling: peerList.prefersEncryption(endpoint)))
                let machine = PeerStateMachine(
                    role: .outgoing(identity, by: hash), configuration: context.peerConfiguration,
                    now: now)
                let connection = try PeerConnection(
                    key: context.nextPeerKey(), endpoint: endpoint, isOutgoing: true,
                    transport: transport, machine: machine, owner: self,
                    context: context, now: now)
                connections[connection.key] = connection
            } catch {
                Log.debug("\(endpoint): \(error)")
                guard error.isDescriptorShortage || context.network?.isGone == true else {
                    peerList.dialFailed(endpoint, now: now)
                    askForIntroduction(to: endpoint, now: now)
                    hurryIfAlone(now: now)
                    continue
                }
                // Not the peer's fault: it keeps its place in the list.
                peerList.disconnected(endpoint, wasUseful: true, now: now)
                if error.isDescriptorShortage { return }
            }
        }
    }

    /// Splits `host:port` or `[v6]:port`.
    static func hostAndPort(_ text: String) -> (host: String, port: UInt16)? {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port != 0
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }
}
