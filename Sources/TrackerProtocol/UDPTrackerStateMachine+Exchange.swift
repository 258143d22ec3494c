package import TorrentCore

extension UDPTrackerStateMachine {
    /// Takes a datagram. One from another endpoint, with an unknown transaction, or too short to
    /// have one is ignored: anybody can send those.
    package mutating func received(
        _ datagram: Span<UInt8>, from source: Endpoint, now: Timestamp
    ) {
        guard source == endpoint else { return }
        var reader = ByteReader(datagram)
        guard let action = reader.read(UInt32.self).flatMap(UDPTrackerMessage.Action.init),
            let transaction = reader.read(UInt32.self),
            let body = reader.readSpan(reader.remaining)
        else { return }
        if case .opening(transaction, _, _) = connection {
            receivedWhileConnecting(action, body, now: now)
        } else if let index = exchanges.firstIndex(where: {
            $0.transaction == transaction && $0.copies > 0
        }) {
            received(action, body, for: index, now: now)
        }
        advance(now: now)
    }

    private mutating func receivedWhileConnecting(
        _ action: UDPTrackerMessage.Action, _ body: Span<UInt8>, now: Timestamp
    ) {
        switch action {
        case .connect:
            var reader = ByteReader(body)
            guard let id = reader.read(UInt64.self) else { return }
            connection = .open(id, since: now)
        case .error:
            connection = .closed
            failWaiting(Self.refusal(body))
        case .announce, .scrape:
            break
        }
    }

    private mutating func received(
        _ action: UDPTrackerMessage.Action, _ body: Span<UInt8>, for index: Int, now: Timestamp
    ) {
        let exchange = exchanges[index]
        switch (action, exchange.kind) {
        case (.announce, .announce):
            do throws(TrackerError) {
                let response = try UDPTrackerMessage.announceResponse(
                    body, isV6: endpoint.address.isV6)
                exchanges.remove(at: index)
                actions.append(.announced(exchange.id, response))
            } catch {
                fail(exchange.id, error)
            }
        case (.scrape, .scrape(let hashes)):
            do throws(TrackerError) {
                let entries = try UDPTrackerMessage.scrapeResponse(body, count: hashes.count)
                exchanges.remove(at: index)
                actions.append(.scraped(exchange.id, entries))
            } catch {
                fail(exchange.id, error)
            }
        case (.error, _):
            if exchange.usesOldConnection {
                // A tracker that was restarted has forgotten its connection ids.
                if case .open = connection { connection = .closed }
                exchanges[index].deadline = nil
                exchanges[index].copies = 0
                exchanges[index].usesOldConnection = false
            } else {
                fail(exchange.id, Self.refusal(body))
            }
        case (.connect, _), (.announce, .scrape), (.scrape, .announce):
            break
        }
    }

    /// Sends whatever can be sent now.
    mutating func advance(now: Timestamp) {
        guard exchanges.contains(where: { $0.deadline == nil }) else {
            stopConnectingIfIdle()
            return
        }
        switch connection {
        case .open(let id, let since) where now - since < Self.connectionLifetime:
            for index in exchanges.indices where exchanges[index].deadline == nil {
                transmit(index, connection: id, since: since, now: now)
            }
        case .closed, .open:
            let transaction = freshTransaction()
            connection = .opening(
                transaction: transaction, copies: 1, deadline: now + connectWaits[0])
            send(UDPTrackerMessage.connect(transaction: transaction))
        case .opening:
            break
        }
    }

    private mutating func transmit(
        _ index: Int, connection: UInt64, since: Timestamp, now: Timestamp
    ) {
        let exchange = exchanges[index]
        if exchange.copies == 0 { exchanges[index].usesOldConnection = since < now }
        exchanges[index].deadline = now + exchange.waits[exchange.copies]
        exchanges[index].copies += 1
        switch exchange.kind {
        case .announce(let request, let urlData):
            send(
                UDPTrackerMessage.announce(
                    request, urlData: urlData, connection: connection,
                    transaction: exchange.transaction))
        case .scrape(let hashes):
            send(
                UDPTrackerMessage.scrape(
                    hashes, connection: connection, transaction: exchange.transaction))
        }
    }

    mutating func send(_ datagram: [UInt8]) {
        actions.append(.send(datagram: datagram, to: endpoint))
    }

    mutating func fail(_ id: UDPTrackerRequestID, _ error: TrackerError) {
        exchanges.removeAll { $0.id == id }
        actions.append(.failed(id, error))
    }

    /// Fails the requests that wait for a connection.
    mutating func failWaiting(_ error: TrackerError) {
        for exchange in exchanges where exchange.deadline == nil { fail(exchange.id, error) }
    }

    mutating func stopConnectingIfIdle() {
        if exchanges.isEmpty, case .opening = connection { connection = .closed }
    }

    /// A transaction id that no request under way has.
    mutating func freshTransaction() -> UInt32 {
        while true {
            let transaction = UInt32(truncatingIfNeeded: random.next() >> 16)
            if !exchanges.contains(where: { $0.transaction == transaction }) { return transaction }
        }
    }

    /// A connect hurries where a `stopped` waits for it.
    var connectWaits: [Interval] {
        let waiting = exchanges.filter { $0.deadline == nil }
        return waiting.contains(where: \.isStopped)
            ? Self.stoppedRetransmissionWaits : Self.retransmissionWaits
    }

    private static func refusal(_ body: Span<UInt8>) -> TrackerError {
        var message = Array(copying: body)
        while message.last == 0 { message.removeLast() }
        return .refused(
            reason: message.isEmpty ? "no reason given" : TrackerText.clean(message),
            retry: .unspecified)
    }
}
