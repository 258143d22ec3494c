package import TorrentCore

/// What goes to the peer.
extension UTPConnection {
    /// Gives `send` the datagrams that may go now, put together in `room` (`transmitRoom` bytes).
    /// `send` is told whether routers may cut the datagram up, and returns false where it takes
    /// nothing now; then call again when it does.
    package func transmit(
        using room: UnsafeMutableRawBufferPointer, now: Timestamp,
        _ send: (UnsafeRawBufferPointer, _ mayFragment: Bool) -> Bool
    ) {
        guard phase != .finished else { return }
        if isResetDue {
            _ = sendControl(.reset, using: room, now: now, send)
            return fail(.reset)
        }
        if phase == .connecting {
            if isSYNDue { sendSYN(using: room, now: now, send) }
            return
        }
        if sent.isEmpty, now - lastSent > roundTripEstimator.timeout { congestion.wasIdle() }
        guard resendLost(using: room, now: now, send), sendNew(using: room, now: now, send),
            sendFIN(using: room, now: now, send)
        else { return }
        if isAcknowledgementDue { _ = sendControl(.state, using: room, now: now, send) }
        finishIfDone()
    }

    /// Bytes that `transmit` puts a datagram together in.
    package static let transmitRoom = 2048

    private func sendSYN(
        using room: UnsafeMutableRawBufferPointer, now: Timestamp,
        _ send: (UnsafeRawBufferPointer, Bool) -> Bool
    ) {
        var packet = header(.syn, sequence: nextSequence, now: now)
        packet.connectionID = receiveID
        packet.acknowledgement = UTPSequenceNumber(0)
        let length = packet.write(to: room, selective: EmptyCollection())
        guard send(UnsafeRawBufferPointer(rebasing: room[..<length]), true) else { return }
        isSYNDue = false
        synTransmissions += 1
        lastSent = now
        retransmitDeadline = now + roundTripEstimator.timeout
    }

    /// A packet without a number of its own.
    private func sendControl(
        _ kind: UTPPacketKind, using room: UnsafeMutableRawBufferPointer, now: Timestamp,
        _ send: (UnsafeRawBufferPointer, Bool) -> Bool
    ) -> Bool {
        let packet = header(kind, sequence: nextSequence, now: now)
        let length = packet.write(to: room, selective: reordered.selectiveBits)
        guard send(UnsafeRawBufferPointer(rebasing: room[..<length]), true) else { return false }
        hasAcknowledged(now: now)
        isAcknowledgementDue = false
        return true
    }

    private func header(
        _ kind: UTPPacketKind, sequence: UTPSequenceNumber, now: Timestamp
    ) -> UTPPacket {
        UTPPacket(
            kind: kind, connectionID: sendID, timestamp: UTPClock.microseconds(now),
            delay: difference, window: UInt32(window), sequence: sequence,
            acknowledgement: expected - 1)
    }

    /// Every packet acknowledges.
    private func hasAcknowledged(now: Timestamp) {
        unacknowledged = 0
        acknowledgementDeadline = nil
        advertisedWindow = window
        lastSent = now
    }

    // MARK: - The stream

    private func resendLost(
        using room: UnsafeMutableRawBufferPointer, now: Timestamp,
        _ send: (UnsafeRawBufferPointer, Bool) -> Bool
    ) -> Bool {
        var index = 0
        while lostCount > 0, index < sent.count {
            defer { index += 1 }
            guard sent[index].fate == .lost else { continue }
            var packet = sent[index]
            guard hasRoom(for: packet.length) else { return true }
            packet.fate = .onItsWay
            packet.sentAt = now
            packet.order = nextOrder
            packet.transmissions += 1
            guard
                sendStream(packet, sequence: nextSequence - (sent.count - index), using: room, send)
            else { return false }
            sent[index] = packet
            lostCount -= 1
            didSend(packet, now: now)
        }
        return true
    }

    private func sendNew(
        using room: UnsafeMutableRawBufferPointer, now: Timestamp,
        _ send: (UnsafeRawBufferPointer, Bool) -> Bool
    ) -> Bool {
        while output.end > unsentStart, sent.count < Self.outstandingLimit, lostCount == 0 {
            var length = min(output.end - unsentStart, mtu.length - UTPPacket.headerLength)
            let isAlone = sent.isEmpty
            if isAlone, peerWindow > 0 { length = min(length, peerWindow) }
            let isProbing = isAlone && isWindowProbeDue
            guard hasRoom(for: length) else { return true }
            guard unsentStart - output.start + length <= peerWindow || isProbing else {
                openWindow(now: now)
                return true
            }
            let probe = mtu.nextProbe
            let packet = SentPacket(
                start: unsentStart, length: length, isFIN: false, isProbe: probe != nil,
                sentAt: now,
                order: nextOrder)
            let padding = probe.map { $0 - UTPPacket.headerLength - length } ?? 0
            guard
                sendStream(packet, sequence: nextSequence, padding: padding, using: room, send)
            else { return false }
            if let probe { mtu.sent(probe) }
            isWindowProbeDue = false
            unsentStart += length
            sent.append(packet)
            nextSequence = nextSequence + 1
            didSend(packet, now: now)
        }
        return true
    }

    private func sendFIN(
        using room: UnsafeMutableRawBufferPointer, now: Timestamp,
        _ send: (UnsafeRawBufferPointer, Bool) -> Bool
    ) -> Bool {
        guard isClosing, !isFINSent, unsentStart == output.end,
            sent.count < Self.outstandingLimit
        else { return true }
        let packet = SentPacket(
            start: unsentStart, length: 0, isFIN: true, isProbe: false, sentAt: now,
            order: nextOrder)
        guard sendStream(packet, sequence: nextSequence, using: room, send) else { return false }
        isFINSent = true
        sent.append(packet)
        nextSequence = nextSequence + 1
        didSend(packet, now: now)
        return true
    }

    /// Whether the congestion window takes a packet; one may always be on its way.
    private func hasRoom(for length: Int) -> Bool {
        inFlight == 0 || inFlight + length <= congestion.window
    }

    private func sendStream(
        _ packet: SentPacket, sequence: UTPSequenceNumber, padding: Int = 0,
        using room: UnsafeMutableRawBufferPointer,
        _ send: (UnsafeRawBufferPointer, Bool) -> Bool
    ) -> Bool {
        let header = header(packet.isFIN ? .fin : .data, sequence: sequence, now: packet.sentAt)
        let start = header.write(to: room, selective: EmptyCollection(), padding: padding)
        let end = start + packet.length
        output.copy(
            from: packet.start, to: UnsafeMutableRawBufferPointer(rebasing: room[start..<end]))
        return send(UnsafeRawBufferPointer(rebasing: room[..<end]), padding == 0)
    }

    private func didSend(_ packet: SentPacket, now: Timestamp) {
        nextOrder += 1
        inFlight += packet.length
        if retransmitDeadline == nil { retransmitDeadline = now + roundTripEstimator.timeout }
        // A gap is told by the bits that only a STATE carries.
        if reordered.count == 0 { isAcknowledgementDue = false }
        hasAcknowledged(now: now)
    }
}
