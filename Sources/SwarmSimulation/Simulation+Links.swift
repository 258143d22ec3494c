import PeerProtocol
import Swarm
import TorrentCore

extension Simulation {
    /// Dials whoever the node's list says, and comes back when it may say more.
    func dial(_ number: Int) {
        guard nodes[number].isUp else { return }
        while nodes[number].configuration.dials,
            let endpoint = nodes[number].list.nextDial(
                now: now, connections: nodes[number].connections.count)
        {
            guard let other = Self.node(at: endpoint), nodes.indices.contains(other),
                nodes[other].isUp, nodes[other].list.isBanned(nodes[number].endpoint) == false,
                !nodes[number].connections.values.contains(where: { $0.remote == other })
            else {
                nodes[number].list.dialFailed(endpoint, now: now)
                continue
            }
            connect(number, other)
        }
        schedule(.dial(node: number), after: .seconds(1))
    }

    private func connect(_ number: Int, _ other: Int) {
        let link = links.count
        links.append(SimulatedLink(nodes: (number, other)))
        for (side, owner) in [number, other].enumerated() {
            if case .closing(let bytes) = nodes[owner].configuration.behaviour {
                if side == 0 { links[link].cut.1 = bytes } else { links[link].cut.0 = bytes }
            }
            var configuration = PeerConfiguration(
                peerID: nodes[owner].peerID, clientName: "simulation", listenPort: 6881)
            configuration.requestLimit = UploadQueue.limit
            let remote = side == 0 ? other : number
            nodes[owner].connections[link] = SimulatedConnection(
                link: link, side: side, remote: remote, key: PeerKey(UInt32(link)),
                machine: PeerStateMachine(
                    role: side == 0 ? .outgoing(content.identity) : .incoming,
                    configuration: configuration, now: now))
            nodes[owner].links[PeerKey(UInt32(link))] = link
            nodes[owner].list.connected(Self.endpoint(remote), now: now)
        }
        settle(number)
    }

    /// Sends bytes from a node along a link; they arrive in order, in one or two parts.
    func send(_ bytes: [UInt8], from number: Int, link: Int) {
        guard links[link].isOpen, !bytes.isEmpty else { return }
        let side = links[link].nodes.0 == number ? 1 : 0
        let rate = nodes[number].configuration.uplink
        let free = max(now, nodes[number].uplinkFreeAt)
        nodes[number].uplinkFreeAt = free + .seconds(Double(bytes.count) / rate)
        var arrival = nodes[number].uplinkFreeAt + nodes[number].configuration.latency
        let before = side == 0 ? links[link].arrival.0 : links[link].arrival.1
        arrival = max(arrival, before + Interval(nanoseconds: 1))
        var bytes = bytes
        let sent = side == 0 ? links[link].sent.0 : links[link].sent.1
        let cut = side == 0 ? links[link].cut.0 : links[link].cut.1
        var breaks = false
        if let cut, sent + bytes.count >= cut {
            bytes.removeLast(sent + bytes.count - cut)
            breaks = true
        }
        if side == 0 {
            links[link].sent.0 += bytes.count
            links[link].arrival.0 = arrival
        } else {
            links[link].sent.1 += bytes.count
            links[link].arrival.1 = arrival
        }
        let split = bytes.isEmpty ? 0 : Int.random(in: 0...bytes.count, using: &random)
        if split > 0 {
            // The first part is under way while the rest still leaves.
            let early = max(
                before + Interval(nanoseconds: 1),
                min(
                    arrival,
                    free
                        + nodes[number]
                        .configuration.latency + .seconds(Double(split) / rate)))
            schedule(
                .deliver(link: link, side: side, bytes: Array(bytes[..<split])), at: early)
        }
        if split < bytes.count {
            schedule(
                .deliver(link: link, side: side, bytes: Array(bytes[split...])), at: arrival)
        }
        if breaks {
            links[link].isOpen = false
            schedule(.closed(link: link, side: side), at: arrival)
            schedule(.closed(link: link, side: 1 - side), at: arrival)
        }
    }

    /// One side closes: it forgets the link at once, the other side learns of it later.
    func close(_ link: Int, by number: Int) {
        let side = links[link].nodes.0 == number ? 0 : 1
        connectionClosed(link, side)
        guard links[link].isOpen else { return }
        links[link].isOpen = false
        let before = side == 0 ? links[link].arrival.1 : links[link].arrival.0
        schedule(
            .closed(link: link, side: 1 - side),
            at: max(before, now + nodes[number].configuration.latency))
    }

    func connectionClosed(_ link: Int, _ side: Int) {
        let number = links[link].node(side)
        guard let connection = nodes[number].connections.removeValue(forKey: link) else { return }
        connection.machine.disconnected()
        nodes[number].links[connection.key] = nil
        nodes[number].list.disconnected(
            Self.endpoint(connection.remote), wasUseful: connection.wasUseful, now: now)
        if connection.isAnnounced {
            nodes[number].torrent.peerDisconnected(connection.key, now: now)
            settle(number)
        }
    }

    func churn(_ number: Int, isUp: Bool) {
        guard let uptime = nodes[number].configuration.uptime else { return }
        nodes[number].isUp = isUp
        if isUp {
            schedule(.dial(node: number), after: .zero)
        } else {
            for link in nodes[number].connections.keys.sorted() { close(link, by: number) }
        }
        let next = isUp ? uptime : Interval(nanoseconds: uptime.nanoseconds / 5)
        schedule(.churn(node: number, isUp: !isUp), after: next + jitter(next))
    }
}
