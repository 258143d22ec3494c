import TorrentCore

/// What comes from the peer.
extension UTPConnection {
    /// A packet for this connection has come in a datagram. What cannot be true is dropped: numbers
    /// outside of the windows are how a stranger who guesses gives himself away.
    func received(_ packet: UTPPacket, in datagram: Span<UInt8>, now: Timestamp) {
        guard phase != .finished, !isResetDue else { return }
        switch packet.kind {
        case .syn: return
        case .reset:
            if acknowledges(packet.acknowledgement) { fail(.reset) }
            return
        case .data, .fin, .state: break
        }
        if phase == .connecting {
            connected(by: packet, now: now)
            return
        }
        guard acknowledges(packet.acknowledgement) else { return }
        let distance = packet.sequence.distance(from: expected)
        guard abs(distance) <= ReorderBuffer.limit else { return }
        lastReceived = now
        measure(packet, now: now)
        processAcknowledgement(packet, in: datagram, now: now)
        guard packet.kind != .state, phase == .connected else { return }
        let hadGap = reordered.count > 0
        takeStream(packet, distance: distance, in: datagram)
        noteUnacknowledged(isOutOfOrder: distance != 0 || hadGap, now: now)
        finishIfDone()
    }

    /// Whether the number is of a packet that we have sent and that is not long acknowledged.
    private func acknowledges(_ number: UTPSequenceNumber) -> Bool {
        if phase == .connecting { return synTransmissions > 0 && number == nextSequence }
        let last = nextSequence - 1
        let distance = last.distance(from: number)
        return distance >= 0 && distance <= sent.count + Self.oldAcknowledgements
    }

    /// The peer's answer to our SYN. It carries the number of its next packet.
    private func connected(by packet: UTPPacket, now: Timestamp) {
        guard packet.kind == .state, packet.acknowledgement == nextSequence else { return }
        phase = .connected
        nextSequence = nextSequence + 1
        expected = packet.sequence
        peerWindow = Int(packet.window)
        lastReceived = now
        retransmitDeadline = nil
        if synTransmissions == 1 { roundTripEstimator.add(now - lastSent) }
        roundTripEstimator.answered()
        measure(packet, now: now)
    }

    private func measure(_ packet: UTPPacket, now: Timestamp) {
        // Zero is how somebody without a clock, or without a packet of ours, says nothing.
        guard packet.timestamp != 0 else { return }
        difference = UTPClock.microseconds(now) &- packet.timestamp
        congestion.received(difference: difference, now: now)
    }

    private func takeStream(_ packet: UTPPacket, distance: Int, in datagram: Span<UInt8>) {
        // A duplicate, or behind the end.
        guard distance >= 0, !hasReceivedAll else { return }
        if let finSequence, packet.sequence.distance(from: finSequence) > 0 { return }
        if packet.kind == .fin, finSequence == nil { finSequence = packet.sequence }
        let length = datagram.count - packet.payloadStart
        if distance == 0 {
            // A sender may overrun a window by what was on its way when it closed: one packet.
            guard input.count <= Self.receiveLimit else { return }
            let payload = datagram.extracting(packet.payloadStart..<datagram.count)
            payload.withUnsafeBytes { append($0) }
            advance()
            while let next = reordered.advance() {
                next.withUnsafeBytes { append($0) }
                advance()
            }
        } else if length <= window {
            let payload = datagram.extracting(packet.payloadStart..<datagram.count)
            _ = reordered.insert([UInt8](copying: payload), distance: distance)
        }
    }

    private func append(_ payload: UnsafeRawBufferPointer) {
        if !isClosing { input.append(payload) }
    }

    private func advance() {
        if expected == finSequence { hasReceivedAll = true }
        expected = expected + 1
    }

    private func noteUnacknowledged(isOutOfOrder: Bool, now: Timestamp) {
        unacknowledged += 1
        if quickAcknowledgements > 0 { quickAcknowledgements -= 1 }
        // What is missing, and what came twice, the peer is to know at once.
        if isOutOfOrder || reordered.count > 0 || hasReceivedAll || quickAcknowledgements > 0
            || unacknowledged >= Self.acknowledgementPackets
        {
            isAcknowledgementDue = true
        } else if acknowledgementDeadline == nil {
            acknowledgementDeadline = now + Self.acknowledgementDelay
        }
    }
}
