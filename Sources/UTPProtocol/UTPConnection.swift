package import TorrentCore

/// One uTP connection: a reliable stream of bytes over datagrams (BEP 29), without I/O.
///
/// Datagrams and the time go in; `transmit` gives the datagrams to send, `read` and `write` the
/// stream. An object, because the table that routes packets to it and whoever reads from it share
/// it. One thread only.
package final class UTPConnection {
    /// What is buffered of the peer's stream at most: the window that it is told. 10 MB/s at 100 ms;
    /// bulk goes over TCP where it can.
    package static let receiveLimit = 1024 * 1024
    /// Packets that may wait for acknowledgement: the bits of a selective one reach as far.
    static let outstandingLimit = ReorderBuffer.limit
    /// A request for a connection is sent so often, after 0, 1, 3 seconds, and given up after 7.
    static let connectTransmissions = 3
    /// A packet is sent so often before the connection is given up, unless the peer has been heard
    /// of lately: half a minute.
    static let transmissionLimit = 6
    /// A peer that was heard of since is alive.
    static let silenceLimit = Interval.seconds(20)
    /// After so many later transmissions have arrived, a packet is lost (BEP 29, RFC 6675).
    static let reorderTolerance = 3
    /// Packets that acknowledge less than what has been acknowledged long ago are forged.
    static let oldAcknowledgements = 256
    /// A single packet is acknowledged after this at the latest, unless something is sent before.
    static let acknowledgementDelay = Interval.milliseconds(50)
    /// Packets that are acknowledged at once.
    static let acknowledgementPackets = 2
    /// Where nothing is sent for so long, routers forget who talks to whom (BEP 29).
    static let keepAliveInterval = Interval.seconds(29)
    /// What was written before `close` is delivered within this time, or not at all.
    static let closeLimit = Interval.seconds(10)
    /// Beyond what may be on its way, so much of the stream is taken from the writer.
    static let sendAhead = 64 * 1024

    enum Phase { case connecting, connected, finished }

    /// The other side.
    package let endpoint: Endpoint
    /// What the peer calls this connection in its packets.
    package let receiveID: UInt16
    let sendID: UInt16
    /// Why it ended, unless both sides have closed it.
    package internal(set) var failure: UTPFailure?
    /// For whoever drives the connection: what it belongs to.
    package weak var user: AnyObject?
    var phase: Phase

    // Sending.
    /// The number of the next new packet.
    var nextSequence: UTPSequenceNumber
    var sent = SentPackets()
    /// The stream from the oldest byte that is not acknowledged.
    let output = ByteRing()
    /// The position of the first byte that was never sent.
    var unsentStart = 0
    /// Bytes on their way, and packets that are lost and not sent again yet.
    var inFlight = 0
    var lostCount = 0
    var peerWindow = 0
    var congestion: LEDBATController
    var roundTripEstimator = RoundTripEstimator()
    var mtu: PathMTUSearch
    var nextOrder = 0
    var highestArrivedOrder = -1
    /// Losses among transmissions before this one have been answered already.
    var recoveryOrder = 0
    var synTransmissions = 0
    var isSYNDue: Bool
    /// Whether a packet goes into a closed window, to hear whether it is still closed.
    var isWindowProbeDue = false
    var isClosing = false
    var isFINSent = false
    var isResetDue = false
    var lastSent: Timestamp

    // Receiving.
    /// The number of the next packet of the stream.
    var expected: UTPSequenceNumber
    let input = ByteRing()
    var reordered = ReorderBuffer()
    /// The number of the peer's FIN.
    var finSequence: UTPSequenceNumber?
    var hasReceivedAll = false
    /// The difference of clocks and delay in the peer's last packet, which it is told.
    var difference: UInt32 = 0
    /// Packets that are still acknowledged one by one, since the peer's window is small at first.
    var quickAcknowledgements = 32
    /// Packets not acknowledged, and whether they are to be now.
    var unacknowledged = 0
    var isAcknowledgementDue = false
    var advertisedWindow = receiveLimit
    var lastReceived: Timestamp

    // Timers.
    var retransmitDeadline: Timestamp?
    var acknowledgementDeadline: Timestamp?
    var closeDeadline: Timestamp?

    /// Whether the table has it in its list of those to transmit.
    var isScheduled = false

    /// Asks `endpoint` for a connection. The first number is random, so that nobody can answer who
    /// has not seen it.
    init(connectingTo endpoint: Endpoint, receiveID: UInt16, sequence: UInt16, now: Timestamp) {
        self.endpoint = endpoint
        self.receiveID = receiveID
        sendID = receiveID &+ 1
        phase = .connecting
        nextSequence = UTPSequenceNumber(sequence)
        expected = UTPSequenceNumber(0)
        isSYNDue = true
        mtu = PathMTUSearch(isV6: endpoint.address.isV6)
        congestion = LEDBATController(
            packetLength: PathMTUSearch.minimum - UTPPacket.headerLength)
        lastSent = now
        lastReceived = now
    }

    /// A connection that the peer has asked for, and whose answer it has seen.
    init(
        accepted endpoint: Endpoint, receiveID: UInt16, sequence: UTPSequenceNumber,
        expected: UTPSequenceNumber, now: Timestamp
    ) {
        self.endpoint = endpoint
        self.receiveID = receiveID
        sendID = receiveID &- 1
        phase = .connected
        nextSequence = sequence
        self.expected = expected
        isSYNDue = false
        mtu = PathMTUSearch(isV6: endpoint.address.isV6)
        congestion = LEDBATController(
            packetLength: PathMTUSearch.minimum - UTPPacket.headerLength)
        lastSent = now
        lastReceived = now
    }

    // MARK: - State

    /// Whether the peer has not answered yet.
    package var isConnecting: Bool { phase == .connecting }

    /// Whether nothing more is sent or received.
    package var isFinished: Bool { phase == .finished }

    /// The smoothed round trip; nil before there is one.
    package var roundTrip: Interval? { roundTripEstimator.smoothed }

    /// The delay that the queue towards the peer adds; nil before it is known.
    package var queueingDelay: Interval? { congestion.queueingDelay }

    /// Bytes of the longest datagram that the path is known to carry.
    package var pathMTU: Int { mtu.length }

    // MARK: - The stream

    /// Whether `read` gives something: bytes, the end, or the failure.
    package var isReadable: Bool {
        input.count > 0 || hasReceivedAll || failure != nil
    }

    /// How many bytes can be read.
    package var readableCount: Int { input.count }

    /// Whether everything that the peer sent has been read, and nothing more will come.
    package var isAtEnd: Bool { input.count == 0 && hasReceivedAll }

    /// How many bytes `write` takes.
    package var writableCount: Int {
        guard phase == .connected, !isClosing else { return 0 }
        let limit = min(2 * congestion.window, LEDBATController.largestWindow) + Self.sendAhead
        return max(0, limit - output.count)
    }

    /// Whether it is worth while to write: a block fits, or nothing is held at all.
    package var isWritable: Bool {
        failure != nil || writableCount >= 16 * 1024
    }

    /// Moves bytes of the stream to `room`, and gives their number; zero where there are none now.
    package func read(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(room.count, input.count)
        guard count > 0 else { return 0 }
        input.copy(from: input.start, to: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
        input.drop(to: input.start + count)
        // A window that was nearly closed is told when it has opened.
        if advertisedWindow < Self.receiveLimit / 4, window >= Self.receiveLimit / 2 {
            isAcknowledgementDue = true
        }
        return count
    }

    /// Takes a copy of bytes into the stream, at most `writableCount`, and gives their number.
    package func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, writableCount)
        if count > 0 { output.append(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
        return count
    }

    /// Ends our side of the stream; what has been written is delivered first. What the peer still
    /// sends is dropped. A second call does nothing.
    package func close(now: Timestamp) {
        guard !isClosing, phase != .finished else { return }
        isClosing = true
        if phase == .connecting { return finish() }
        input.drop(to: input.end)
        closeDeadline = now + Self.closeLimit
    }

    /// Ends the connection at once and tells the peer so; what it has not acknowledged is lost.
    package func abort() {
        guard phase == .connected else { return finish() }
        isResetDue = true
        output.release()
        sent = SentPackets()
    }

    /// Acknowledges with the next `transmit` what has been received.
    package func acknowledgeNow() {
        if unacknowledged > 0 { isAcknowledgementDue = true }
    }

    // MARK: - Shared

    /// Bytes that may still come.
    var window: Int { max(0, Self.receiveLimit - input.count - reordered.byteCount) }

    func fail(_ failure: UTPFailure) {
        guard phase != .finished else { return }
        self.failure = failure
        finish()
    }

    func finish() {
        phase = .finished
        retransmitDeadline = nil
        acknowledgementDeadline = nil
        closeDeadline = nil
        output.release()
        reordered.removeAll()
        sent = SentPackets()
    }
}
