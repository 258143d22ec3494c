package import TorrentCore

extension PeerStateMachine {
    /// When `timerFired` is to be called next; the end of time once the connection is over.
    package var nextDeadline: Timestamp {
        switch phase {
        case .handshaking, .awaitingAcceptance: handshakeDeadline
        case .open:
            min(
                lastReceived + configuration.inactivityTimeout, keepAliveDeadline,
                blockOrder.deadline ?? keepAliveDeadline)
        case .closed: Timestamp(nanoseconds: .max)
        }
    }

    /// The transport is there: the time for the peer's handshake starts again. For owners that make
    /// the machine before their connect has succeeded.
    package mutating func connected(now: Timestamp) {
        guard phase == .handshaking else { return }
        handshakeDeadline = now + configuration.handshakeTimeout
        lastReceived = now
    }

    /// Ends a connection that is too slow or silent, and keeps ours from looking so. Any number of
    /// calls at any time is fine.
    package mutating func timerFired(now: Timestamp) {
        switch phase {
        case .handshaking, .awaitingAcceptance:
            if now >= handshakeDeadline { close(.handshakeTimeout) }
        case .open:
            if now >= lastReceived + configuration.inactivityTimeout { return close(.inactive) }
            blockOrder.timerFired(now: now)
            guard now >= keepAliveDeadline else { return }
            if !hasSentLately { send(.keepAlive) }
            hasSentLately = false
            keepAliveDeadline = now + configuration.keepAliveInterval
        case .closed: break
        }
    }
}
