package import TorrentCore

/// All uTP connections of one UDP port: routes packets by endpoint and connection id (BEP 29).
///
/// Strangers get little: a SYN is answered by one packet of its own size, nothing is sent again to
/// an address that has not shown that it receives, and whatever belongs to no connection is dropped
/// without an answer, so that nobody can be hit by our packets, or bigger ones, in another's name.
package final class UTPSocketTable {
    /// Connections asked for that have not shown their address. An honest peer needs its place for
    /// one round trip; for more, the oldest goes.
    package static let halfOpenLimit = 128
    /// Of those, from one address.
    package static let halfOpenPerAddress = 8
    /// How long an honest peer may take, with a lost packet or two.
    package static let halfOpenTime = Interval.seconds(10)
    /// Connections accepted from one address: more than one for a client behind a shared one.
    package static let acceptedPerAddress = 32
    /// Connections at all, ten times what a session has: the rest is not routed.
    package static let limit = 2048

    private var connections: [UTPConnectionKey: UTPConnection] = [:]
    private var halfOpen: [HalfOpenConnection] = []
    private var answers: [(endpoint: Endpoint, packet: UTPPacket)] = []
    private var scheduled: [UTPConnection] = []
    private let numbers: () -> UInt64
    private let room: UnsafeMutableRawBufferPointer
    /// When the first timer may be due: never after it, perhaps before.
    package private(set) var nextDeadline: Timestamp?

    /// An empty table. `numbers` are what keeps strangers out, who see some of them: they must come
    /// from the system's generator.
    package init(numbers: @escaping () -> UInt64) {
        self.numbers = numbers
        room = .allocate(byteCount: UTPConnection.transmitRoom, alignment: 16)
    }

    deinit { room.deallocate() }

    /// How many connections there are, those included that are being closed.
    package var count: Int { connections.count }

    /// How many have been asked for and not shown their address.
    package var halfOpenCount: Int { halfOpen.count }

    /// Asks for a connection; nil where there is no place. `transmit` sends the request.
    package func connect(to endpoint: Endpoint, now: Timestamp) -> UTPConnection? {
        guard connections.count < Self.limit else { return nil }
        for _ in 0..<16 {
            let number = numbers()
            let key = UTPConnectionKey(
                endpoint: endpoint, receiveID: UInt16(truncatingIfNeeded: number))
            guard connections[key] == nil else { continue }
            let connection = UTPConnection(
                connectingTo: endpoint, receiveID: key.receiveID,
                sequence: UInt16(truncatingIfNeeded: number >> 16), now: now)
            connections[key] = connection
            schedule(connection)
            return connection
        }
        return nil
    }

    /// A datagram has come.
    package func received(
        _ datagram: Span<UInt8>, from sender: Endpoint, now: Timestamp
    ) -> UTPArrival {
        guard let packet = UTPPacket(datagram) else { return .nothing }
        switch packet.kind {
        case .syn:
            answer(packet, from: sender, now: now)
            return .nothing
        case .reset:
            return reset(packet, in: datagram, from: sender, now: now)
        case .data, .fin, .state:
            let key = UTPConnectionKey(endpoint: sender, receiveID: packet.connectionID)
            if let connection = connections[key] {
                connection.received(packet, in: datagram, now: now)
                schedule(connection)
                return .connection(connection)
            }
            guard let connection = accept(packet, key: key, now: now) else { return .nothing }
            connection.received(packet, in: datagram, now: now)
            schedule(connection)
            return .accepted(connection)
        }
    }

    /// Has `transmit` look at a connection: after it was written to, read from or closed.
    package func schedule(_ connection: UTPConnection) {
        guard !connection.isScheduled else { return }
        connection.isScheduled = true
        scheduled.append(connection)
    }

    /// Whether `transmit` has something to look at.
    package var hasScheduled: Bool { !scheduled.isEmpty || !answers.isEmpty }

    /// Gives `send` the datagrams that may go now; it returns false where it takes nothing now, and
    /// what is left waits for the next call. Connections that have ended are let go.
    package func transmit(
        now: Timestamp,
        _ send: (UnsafeRawBufferPointer, Endpoint, _ mayFragment: Bool) -> Bool
    ) {
        for (endpoint, packet) in answers {
            let length = packet.write(to: room, selective: EmptyCollection())
            // A lost answer is asked for again.
            _ = send(UnsafeRawBufferPointer(rebasing: room[..<length]), endpoint, true)
        }
        answers.removeAll(keepingCapacity: true)
        var isBlocked = false
        var left: [UTPConnection] = []
        for connection in scheduled {
            if !isBlocked {
                connection.transmit(using: room, now: now) { bytes, mayFragment in
                    let isSent = send(bytes, connection.endpoint, mayFragment)
                    if !isSent { isBlocked = true }
                    return isSent
                }
            }
            if isBlocked, !connection.isFinished {
                left.append(connection)
                continue
            }
            connection.isScheduled = false
            if connection.isFinished {
                connections[
                    UTPConnectionKey(
                        endpoint: connection.endpoint, receiveID: connection.receiveID)] = nil
            } else if let due = connection.nextDeadline {
                nextDeadline = min(nextDeadline ?? due, due)
            }
        }
        scheduled.removeAll(keepingCapacity: true)
        scheduled.append(contentsOf: left)
    }

    /// Fires what is due, and tells `body` of each connection that was concerned. Linear in the
    /// connections; called when `nextDeadline` has come only.
    package func timersFired(now: Timestamp, _ body: (UTPConnection) -> Void) {
        halfOpen.removeAll { now >= $0.deadline }
        nextDeadline = nil
        for connection in connections.values {
            guard let due = connection.nextDeadline else { continue }
            if now >= due {
                connection.timerFired(now: now)
                schedule(connection)
                body(connection)
            } else {
                nextDeadline = min(nextDeadline ?? due, due)
            }
        }
    }

    // MARK: - Strangers

    /// Answers a SYN and remembers it.
    private func answer(_ packet: UTPPacket, from sender: Endpoint, now: Timestamp) {
        let key = UTPConnectionKey(endpoint: sender, receiveID: packet.connectionID &+ 1)
        guard connections[key] == nil, connections.count < Self.limit else { return }
        halfOpen.removeAll { now >= $0.deadline }
        let entry: HalfOpenConnection
        if let known = halfOpen.first(where: { $0.key == key }) {
            guard known.synSequence == packet.sequence else { return }
            entry = known
        } else {
            let address = sender.address
            let accepted = connections.keys.count { $0.endpoint.address == address }
            guard accepted < Self.acceptedPerAddress else { return }
            let isCrowded =
                halfOpen.count { $0.key.endpoint.address == address } >= Self.halfOpenPerAddress
            if isCrowded {
                halfOpen.removeFirst(where: { $0.key.endpoint.address == address })
            } else if halfOpen.count >= Self.halfOpenLimit {
                halfOpen.removeFirst()
            }
            entry = HalfOpenConnection(
                key: key, synSequence: packet.sequence,
                sequence: UTPSequenceNumber(UInt16(truncatingIfNeeded: numbers())),
                deadline: now + Self.halfOpenTime)
            halfOpen.append(entry)
        }
        guard answers.count < Self.halfOpenLimit else { return }
        let answer = UTPPacket(
            kind: .state, connectionID: packet.connectionID,
            timestamp: UTPClock.microseconds(now),
            delay: UTPClock.microseconds(now) &- packet.timestamp,
            window: UInt32(UTPConnection.receiveLimit), sequence: entry.sequence,
            acknowledgement: packet.sequence)
        answers.append((sender, answer))
    }

    /// Whoever acknowledges the number of our answer has received it.
    private func accept(
        _ packet: UTPPacket, key: UTPConnectionKey, now: Timestamp
    ) -> UTPConnection? {
        guard let index = halfOpen.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = halfOpen[index]
        guard now < entry.deadline, packet.acknowledgement == entry.sequence - 1,
            connections.count < Self.limit
        else { return nil }
        halfOpen.remove(at: index)
        let connection = UTPConnection(
            accepted: key.endpoint, receiveID: key.receiveID, sequence: entry.sequence,
            expected: entry.synSequence + 1, now: now)
        connections[key] = connection
        return connection
    }

    /// A RESET names the connection by our number, or (from one who knows nothing of it) by his.
    private func reset(
        _ packet: UTPPacket, in datagram: Span<UInt8>, from sender: Endpoint, now: Timestamp
    ) -> UTPArrival {
        let id = packet.connectionID
        for receiveID in [id, id &- 1, id &+ 1] {
            let key = UTPConnectionKey(endpoint: sender, receiveID: receiveID)
            guard let connection = connections[key],
                connection.receiveID == id || connection.sendID == id
            else { continue }
            connection.received(packet, in: datagram, now: now)
            schedule(connection)
            return .connection(connection)
        }
        return .nothing
    }
}

extension Array {
    /// Removes the first element for which `condition` holds.
    fileprivate mutating func removeFirst(where condition: (Element) -> Bool) {
        if let index = firstIndex(where: condition) { remove(at: index) }
    }
}
