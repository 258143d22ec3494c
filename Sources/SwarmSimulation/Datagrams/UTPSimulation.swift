package import TorrentCore
package import UTPProtocol

/// Flows of uTP from one host to another over one path, under a simulated clock.
///
/// Everything follows from the seed. Both hosts run the real socket table; the receiver's clock may
/// be off and drift.
package final class UTPSimulation {
    private enum Event {
        case start(flow: Int)
        case arrival(bytes: [UInt8], isForward: Bool)
        case timer(Int)
        case renoArrived(Int)
        case renoLost(Int)
        case renoStart(Int)
    }

    private struct Flow {
        let length: Int
        var connection: UTPConnection?
        var written = 0
        var report = UTPFlowReport()
    }

    /// One end of the path.
    private struct Host {
        let endpoint: Endpoint
        let table: UTPSocketTable
        var timerAt: Timestamp?
        /// Streams being received, with the flow that their first byte names.
        var receiving: [(connection: UTPConnection, flow: Int?)] = []
    }

    /// The simulated time.
    package private(set) var now = Timestamp.zero
    private var events = EventQueue<Event>()
    private var links: [DatagramLink]
    private var hosts: [Host]
    private var flows: [Flow] = []
    private var renos: [RenoFlow] = []
    private static let roomLength = 16 * 1024
    private let room = UnsafeMutableRawBufferPointer.allocate(
        byteCount: roomLength, alignment: 16)
    /// The streams' bytes repeat after a prime number of random ones, so that no packet is like one
    /// near it. Followed by as many as the room takes, so that each stretch is in one piece.
    private static let period = 65_521
    private let pattern = UnsafeMutableRawBufferPointer.allocate(
        byteCount: period + roomLength, alignment: 16)
    /// Parts in a million by which the receiver's clock runs faster, and by how much it is ahead.
    package var clockDrift: Int64 = 0
    /// Bytes of uTP that the receiver has sent: acknowledgements.
    package private(set) var backwardBytes = 0
    /// Datagrams that the sender has sent.
    package private(set) var forwardDatagrams = 0
    /// Whether the receiver takes what has arrived; a reader may stop to.
    package var isReading = true

    /// Two hosts and the path there and back.
    package init(forward: SimulatedPath, backward: SimulatedPath, seed: UInt64) {
        links = [DatagramLink(forward, seed: seed &+ 1), DatagramLink(backward, seed: seed &+ 2)]
        hosts = (0..<2).map { index in
            var random = SeededRandom(seed: seed &+ 3 &+ UInt64(index))
            return Host(
                endpoint: Endpoint(address: .v4(0x0A00_0001 + UInt32(index)), port: 6881),
                table: UTPSocketTable { random.next() })
        }
        var random = SeededRandom(seed: seed)
        for index in 0..<Self.period { pattern[index] = UInt8(truncatingIfNeeded: random.next()) }
        for index in Self.period..<pattern.count { pattern[index] = pattern[index - Self.period] }
    }

    deinit {
        room.deallocate()
        pattern.deallocate()
    }

    /// The longest time that a datagram waited for the link to the receiver.
    package var longestQueue: Interval { links[0].longestQueue }

    /// Adds a flow of `length` bytes; at most 255 flows.
    package func addFlow(length: Int, start: Timestamp = .zero) -> Int {
        flows.append(Flow(length: length))
        events.add(.start(flow: flows.count - 1), at: start)
        return flows.count - 1
    }

    /// Adds an endless TCP flow on the same path.
    package func addTCP(start: Timestamp) -> Int {
        renos.append(RenoFlow())
        events.add(.renoStart(renos.count - 1), at: start)
        return renos.count - 1
    }

    /// How a flow has fared.
    package func report(_ flow: Int) -> UTPFlowReport {
        var report = flows[flow].report
        report.failure = flows[flow].connection?.failure
        report.pathMTU = flows[flow].connection?.pathMTU ?? 0
        return report
    }

    /// Bytes that a TCP flow has moved.
    package func tcpBytes(_ flow: Int) -> Int { renos[flow].delivered }

    /// The receiver's table.
    package var receiverTable: UTPSocketTable { hosts[1].table }

    /// Runs until a time, or until nothing happens any more.
    package func run(until end: Timestamp) {
        while let (time, event) = events.removeFirst(until: end) {
            now = time
            handle(event)
        }
        now = max(now, end)
    }

    private func handle(_ event: Event) {
        switch event {
        case .start(let flow):
            flows[flow].connection = hosts[0].table.connect(to: hosts[1].endpoint, now: clock(0))
            settle(0)
        case .arrival(let bytes, let isForward):
            let host = isForward ? 1 : 0
            let delivered = links[isForward ? 0 : 1].deliver(bytes)
            receive(delivered, at: host, from: hosts[1 - host].endpoint)
            settle(host)
        case .timer(let host):
            guard let due = hosts[host].timerAt, due <= now else { return }
            hosts[host].timerAt = nil
            hosts[host].table.timersFired(now: clock(host)) { _ in }
            settle(host)
        case .renoStart(let flow): pumpTCP(flow)
        case .renoArrived(let flow):
            renos[flow].acknowledged()
            pumpTCP(flow)
        case .renoLost(let flow):
            renos[flow].lost(roundTrip: links[0].path.delay * 2, now: now)
            pumpTCP(flow)
        }
    }

    // MARK: - TCP

    private func pumpTCP(_ flow: Int) {
        for _ in 0..<renos[flow].takeSendable() {
            let back = links[1].path.delay
            if let arrival = links[0].send(RenoFlow.packetLength, now: now).first {
                events.add(.renoArrived(flow), at: arrival + back)
            } else {
                let queue = links[0].queueing(now: now)
                events.add(.renoLost(flow), at: now + queue + links[0].path.delay + back)
            }
        }
    }

    // MARK: - uTP

    private func receive(_ bytes: [UInt8], at host: Int, from sender: Endpoint) {
        let arrival = hosts[host].table.received(bytes.span, from: sender, now: clock(host))
        if case .accepted(let connection) = arrival {
            hosts[host].receiving.append((connection, nil))
        }
    }

    /// Moves the streams on, sends what may go, and sets the timer.
    private func settle(_ host: Int) {
        if host == 0 { writeFlows() } else if isReading { readFlows() }
        var sent: [(bytes: [UInt8], mayFragment: Bool)] = []
        hosts[host].table.transmit(now: clock(host)) { bytes, _, mayFragment in
            sent.append((Array(bytes), mayFragment))
            return true
        }
        for (bytes, mayFragment) in sent {
            if host == 0 { forwardDatagrams += 1 } else { backwardBytes += bytes.count }
            for arrival in links[host].send(bytes.count, mayFragment: mayFragment, now: now) {
                events.add(.arrival(bytes: bytes, isForward: host == 0), at: arrival)
            }
        }
        if let due = hosts[host].table.nextDeadline {
            let time = max(now, simulated(due, host))
            if hosts[host].timerAt.map({ time < $0 }) ?? true {
                hosts[host].timerAt = time
                events.add(.timer(host), at: time)
            }
        }
    }

    private func writeFlows() {
        for index in flows.indices {
            guard let connection = flows[index].connection, !connection.isFinished else { continue }
            while flows[index].written < flows[index].length {
                let count = min(
                    connection.writableCount, room.count,
                    flows[index].length - flows[index].written)
                guard count > 0 else { break }
                let start = flows[index].written
                room.copyMemory(from: bytes(start, count, flow: index))
                if start == 0 { room[0] = UInt8(truncatingIfNeeded: index) }
                flows[index].written += connection.write(
                    UnsafeRawBufferPointer(rebasing: room[..<count]))
            }
            if flows[index].written == flows[index].length, !connection.isConnecting {
                connection.close(now: clock(0))
            }
            hosts[0].table.schedule(connection)
        }
    }

    /// Reads what has arrived, after the reader had stopped.
    package func resumeReading() {
        isReading = true
        settle(1)
    }

    private func readFlows() {
        for index in hosts[1].receiving.indices {
            let connection = hosts[1].receiving[index].connection
            while true {
                let count = connection.read(into: room)
                guard count > 0 else { break }
                let flow = hosts[1].receiving[index].flow ?? Int(room[0])
                hosts[1].receiving[index].flow = flow
                check(count, flow: flow)
            }
            if connection.isAtEnd, let flow = hosts[1].receiving[index].flow {
                flows[flow].report.finishedAt = flows[flow].report.finishedAt ?? now
                connection.close(now: clock(1))
            }
            hosts[1].table.schedule(connection)
        }
        hosts[1].receiving.removeAll { $0.connection.isFinished }
    }

    private func check(_ count: Int, flow: Int) {
        guard flows.indices.contains(flow) else { return }
        let start = flows[flow].report.received
        if start == 0 { room[0] = bytes(0, 1, flow: flow)[0] }
        let sent = bytes(start, count, flow: flow)
        var wrong = 0
        var offset = 0
        // Eight at a time, since a simulation moves tens of megabytes.
        while offset + 8 <= count {
            let (ours, theirs) = (
                room.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                sent.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            )
            if ours != theirs { wrong += 1 }
            offset += 8
        }
        while offset < count {
            if room[offset] != sent[offset] { wrong += 1 }
            offset += 1
        }
        flows[flow].report.wrong += wrong
        flows[flow].report.received += count
    }

    /// A stretch of a flow's stream; on its way, the first byte of all is the flow's number.
    private func bytes(_ position: Int, _ count: Int, flow: Int) -> UnsafeRawBufferPointer {
        let start = (position + flow * 977) % Self.period
        return UnsafeRawBufferPointer(rebasing: pattern[start..<start + count])
    }

    // MARK: - Clocks

    /// Ahead by 1000 s, so that the 32 bits of a packet's clock wrap around in long runs.
    private static let clockAhead: Int64 = 1_000_000_000_000

    private func clock(_ host: Int) -> Timestamp {
        guard host == 1 else { return now }
        let drifted = now.nanoseconds + now.nanoseconds / 1_000_000 * clockDrift
        return Timestamp(nanoseconds: drifted + Self.clockAhead)
    }

    private func simulated(_ time: Timestamp, _ host: Int) -> Timestamp {
        guard host == 1 else { return time }
        let ahead = time.nanoseconds - Self.clockAhead
        return Timestamp(nanoseconds: ahead - ahead / 1_000_000 * clockDrift + 1_000_000)
    }
}
