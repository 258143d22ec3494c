package import TorrentCore

/// What happens when nothing comes.
extension UTPConnection {
    /// When `timerFired` is due; nil where nothing is left to do.
    package var nextDeadline: Timestamp? {
        guard phase != .finished else { return nil }
        var deadline = retransmitDeadline ?? closeDeadline ?? lastSent + Self.keepAliveInterval
        if let closeDeadline { deadline = min(deadline, closeDeadline) }
        if let acknowledgementDeadline { deadline = min(deadline, acknowledgementDeadline) }
        return deadline
    }

    /// A deadline has come: `transmit` afterwards.
    package func timerFired(now: Timestamp) {
        guard phase != .finished else { return }
        if let closeDeadline, now >= closeDeadline {
            abort()
            return
        }
        if let acknowledgementDeadline, now >= acknowledgementDeadline {
            self.acknowledgementDeadline = nil
            isAcknowledgementDue = true
        }
        if let retransmitDeadline, now >= retransmitDeadline { timedOut(now: now) }
        if phase == .connected, now - lastSent >= Self.keepAliveInterval {
            isAcknowledgementDue = true
        }
    }

    private func timedOut(now: Timestamp) {
        if phase == .connecting {
            guard synTransmissions < Self.connectTransmissions else { return fail(.noAnswer) }
            roundTripEstimator.timedOut()
            isSYNDue = true
            retransmitDeadline = now + roundTripEstimator.timeout
            return
        }
        if sent.isEmpty {
            isWindowProbeDue = true
        } else {
            if sent[0].transmissions >= Self.transmissionLimit,
                lastReceived <= sent[0].sentAt, now - lastReceived >= Self.silenceLimit
            {
                return fail(.timedOut)
            }
            congestion.timedOut()
            loseEverything()
            if roundTripEstimator.backOff >= 1 { mtu.fallBack() }
        }
        roundTripEstimator.timedOut()
        retransmitDeadline = now + roundTripEstimator.timeout
    }
}
