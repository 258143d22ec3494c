import TorrentCore

/// What the peer acknowledges, and what is lost.
extension UTPConnection {
    func processAcknowledgement(_ packet: UTPPacket, in datagram: Span<UInt8>, now: Timestamp) {
        let oldest = nextSequence - sent.count
        let cumulative = packet.acknowledgement.distance(from: oldest) + 1
        // An old packet that was overtaken says nothing new.
        guard cumulative >= 0 else { return }
        let wasClosed = peerWindow == 0
        peerWindow = Int(packet.window)
        guard !sent.isEmpty else { return openWindow(now: now) }
        let isWindowFull = inFlight + mtu.length > congestion.window
        var bytes = 0
        var sample: Interval?
        for index in 0..<min(cumulative, sent.count) {
            acknowledge(index, bytes: &bytes, sample: &sample, now: now)
        }
        selectivelyAcknowledge(
            packet, in: datagram, from: cumulative, bytes: &bytes, sample: &sample, now: now)
        if cumulative > 0 {
            let last = sent[min(cumulative, sent.count) - 1]
            sent.removeFirst(min(cumulative, sent.count))
            output.drop(to: last.start + last.length)
            roundTripEstimator.answered()
            retransmitDeadline = sent.isEmpty ? nil : now + roundTripEstimator.timeout
        }
        if let sample { roundTripEstimator.add(sample) }
        if wasClosed, peerWindow > 0, sent.count == 1 {
            // What was sent to hear of this was dropped.
            lose(0)
            roundTripEstimator.answered()
        }
        if bytes > 0 {
            congestion.acknowledged(
                bytes, delay: packet.delay, roundTrip: sample ?? roundTrip,
                isWindowFull: isWindowFull, now: now)
        }
        findLost(now: now)
        openWindow(now: now)
        finishIfDone()
    }

    /// While the peer takes nothing, it is asked from time to time.
    func openWindow(now: Timestamp) {
        guard sent.isEmpty else { return }
        let isClosed = peerWindow == 0 && output.end > unsentStart
        if !isClosed {
            retransmitDeadline = nil
        } else if retransmitDeadline == nil {
            retransmitDeadline = now + roundTripEstimator.timeout
        }
    }

    private func acknowledge(
        _ index: Int, bytes: inout Int, sample: inout Interval?, now: Timestamp
    ) {
        let packet = sent[index]
        switch packet.fate {
        case .acknowledged: return
        case .onItsWay: inFlight -= packet.length
        case .lost: lostCount -= 1
        }
        sent[index].fate = .acknowledged
        bytes += packet.length
        highestArrivedOrder = max(highestArrivedOrder, packet.order)
        // Of a packet sent twice nobody knows which one has arrived (Karn).
        if packet.transmissions == 1 { sample = now - packet.sentAt }
        if packet.isProbe { mtu.arrived() }
    }

    private func selectivelyAcknowledge(
        _ packet: UTPPacket, in datagram: Span<UInt8>, from cumulative: Int, bytes: inout Int,
        sample: inout Interval?, now: Timestamp
    ) {
        // Bit 0 is the packet after the first that is missing.
        var index = cumulative + 1
        for position in packet.selective {
            let byte = datagram[position]
            for bit in 0..<8 as Range<UInt8> {
                guard index < sent.count else { return }
                if byte & (1 << bit) != 0 {
                    acknowledge(index, bytes: &bytes, sample: &sample, now: now)
                }
                index += 1
            }
        }
    }

    /// Whatever was sent well before something that has arrived is lost.
    private func findLost(now: Timestamp) {
        // In order and nothing missing: nothing to look for.
        guard !sent.isEmpty, highestArrivedOrder >= sent[0].order + Self.reorderTolerance else {
            return
        }
        var isCongestion = false
        for index in 0..<sent.count {
            let packet = sent[index]
            guard packet.fate == .onItsWay,
                highestArrivedOrder >= packet.order + Self.reorderTolerance
            else { continue }
            lose(index)
            // A probe may have been too long; that is no sign of a queue.
            if packet.order >= recoveryOrder, !packet.isProbe { isCongestion = true }
        }
        guard isCongestion else { return }
        recoveryOrder = nextOrder
        congestion.lost(roundTrip: roundTrip, now: now)
    }

    private func lose(_ index: Int) {
        guard sent[index].fate == .onItsWay else { return }
        sent[index].fate = .lost
        inFlight -= sent[index].length
        lostCount += 1
        if sent[index].isProbe {
            sent[index].isProbe = false
            mtu.lost()
        }
    }

    /// No acknowledgement has come in time: everything on its way counts as lost.
    func loseEverything() {
        for index in 0..<sent.count { lose(index) }
        recoveryOrder = nextOrder
    }

    /// Both sides have said that they are done, or nobody is left to tell.
    func finishIfDone() {
        if isClosing, isFINSent, sent.isEmpty, hasReceivedAll, !isAcknowledgementDue { finish() }
    }
}
