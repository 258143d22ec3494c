import Testing
import TorrentCore
import TrackerProtocol

@Suite("UDP trackers (BEP 15, 41, 7)")
struct UDPTrackerTests {
    static let v4 = endpoint("192.0.2.1:6969")
    static let v6 = endpoint("[2001:db8::1]:6969")

    private var machine = UDPTrackerStateMachine(endpoint: v4, seed: 1)

    /// The datagrams among the actions.
    private static func datagrams(_ actions: [UDPTrackerAction]) -> [[UInt8]] {
        actions.compactMap {
            if case .send(let datagram, _) = $0 { datagram } else { nil }
        }
    }

    private mutating func takeDatagrams() -> [[UInt8]] { Self.datagrams(machine.takeActions()) }

    private mutating func receive(
        _ datagram: [UInt8], from source: Endpoint? = nil, at seconds: Double
    ) {
        machine.received(datagram.span, from: source ?? machine.endpoint, now: at(seconds))
    }

    /// A reply to a request: action, the request's transaction, body.
    private static func reply(
        _ action: UInt32, to request: [UInt8], _ body: [UInt8]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(action)
        return bytes + request[12..<16] + body
    }

    private static let connection: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    private static func announceBody(_ peers: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for number: UInt32 in [1800, 7, 9] { bytes.appendBigEndian(number) }
        return bytes + peers
    }

    /// Answers the connect request that must be the only datagram waiting.
    private mutating func connect(at seconds: Double) throws {
        let sent = takeDatagrams()
        try #require(sent.count == 1 && sent[0].count == 16)
        receive(Self.reply(0, to: sent[0], Self.connection), at: seconds)
    }

    // MARK: - The protocol

    @Test mutating func `the connect request is sixteen known bytes`() {
        _ = machine.announce(request(), urlData: [], now: at(0))
        let actions = machine.takeActions()
        let datagram = Self.datagrams(actions)[0]
        #expect(actions == [.send(datagram: datagram, to: Self.v4)])
        #expect(datagram.count == 16)
        #expect(
            Array(datagram[..<12]) == [0, 0, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0])
    }

    @Test mutating func `an announce is laid out as BEP 15 says`() throws {
        _ = machine.announce(request(.started), urlData: [], now: at(0))
        try connect(at: 1)
        let datagram = try #require(takeDatagrams().first)
        var expected = Self.connection + [0, 0, 0, 1] + datagram[12..<16]
        expected += [UInt8](repeating: 0x61, count: 20) + [UInt8](repeating: 0x62, count: 20)
        for number: UInt64 in [2, 3, 1] { expected.appendBigEndian(number) }
        for number: UInt32 in [2, 0, 0xABC, 200] { expected.appendBigEndian(number) }
        expected.appendBigEndian(UInt16(6881))
        #expect(datagram == expected)
        #expect(datagram.count == 98)
    }

    @Test mutating func `the URL's path and query follow as options`() throws {
        let data = Array("/announce?".utf8) + [UInt8](repeating: 0x78, count: 300)
        _ = machine.announce(request(), urlData: data, now: at(0))
        try connect(at: 1)
        let datagram = try #require(takeDatagrams().first)
        var options: [UInt8] = [2, 255]
        options += data[..<255]
        options += [2, UInt8(data.count - 255)]
        options += data[255...]
        #expect(Array(datagram[98...]) == options)
    }

    @Test mutating func `an announce reply gives peers of six bytes over IPv4`() throws {
        let id = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 1)
        let sent = takeDatagrams()[0]
        receive(
            Self.reply(1, to: sent, Self.announceBody([1, 2, 3, 4, 0, 80, 5, 6, 7, 8, 0, 81, 9])),
            at: 2)
        guard case .announced(id, let response)? = machine.takeActions().first else {
            Issue.record("no answer")
            return
        }
        #expect(response.interval == .seconds(1800))
        #expect(response.leechers == 7)
        #expect(response.seeders == 9)
        #expect(response.peers == [endpoint("1.2.3.4:80"), endpoint("5.6.7.8:81")])
        #expect(machine.isIdle)
        #expect(machine.nextDeadline == nil)
    }

    @Test mutating func `an announce reply gives peers of eighteen bytes over IPv6`() throws {
        machine = UDPTrackerStateMachine(endpoint: Self.v6, seed: 1)
        let id = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 1)
        let peer = endpoint("[2001:db8::2]:80")
        receive(Self.reply(1, to: takeDatagrams()[0], Self.announceBody(peer.compactBytes)), at: 2)
        guard case .announced(id, let response)? = machine.takeActions().first else {
            Issue.record("no answer")
            return
        }
        #expect(response.peers == [peer])
    }

    @Test mutating func `a scrape names up to 74 torrents and gets as many counts`() throws {
        let hashes = (0..<80).map { digest(UInt8($0)) }
        let id = machine.scrape(hashes, now: at(0))
        try connect(at: 1)
        let sent = takeDatagrams()[0]
        #expect(Array(sent[8..<12]) == [0, 0, 0, 2])
        #expect(sent.count == 16 + 74 * 20)
        var body: [UInt8] = []
        for number in 0..<UInt32(74 * 3) { body.appendBigEndian(number) }
        receive(Self.reply(2, to: sent, body), at: 2)
        guard case .scraped(id, let entries)? = machine.takeActions().first else {
            Issue.record("no answer")
            return
        }
        #expect(entries.count == 74)
        #expect(entries[1] == ScrapeEntry(seeders: 3, completed: 4, leechers: 5))
    }

    @Test mutating func `an error reply fails the request with its message`() throws {
        let id = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 0)
        receive(Self.reply(3, to: takeDatagrams()[0], Array("no\u{7}\0".utf8)), at: 0)
        #expect(
            machine.takeActions() == [.failed(id, .refused(reason: "no?", retry: .unspecified))])
    }

    @Test mutating func `an error instead of a connection fails all that wait`() {
        let first = machine.announce(request(), urlData: [], now: at(0))
        let second = machine.scrape([digest(1)], now: at(0))
        receive(Self.reply(3, to: takeDatagrams()[0], []), at: 1)
        let error = TrackerError.refused(reason: "no reason given", retry: .unspecified)
        #expect(machine.takeActions() == [.failed(first, error), .failed(second, error)])
        #expect(machine.isIdle)
    }

    // MARK: - Connections

    @Test mutating func `requests share a connection for a minute and then get a new one`() throws {
        _ = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 1)
        receive(Self.reply(1, to: takeDatagrams()[0], Self.announceBody([])), at: 2)
        _ = machine.takeActions()
        _ = machine.announce(request(), urlData: [], now: at(60.9))
        let second = takeDatagrams()
        #expect(second.map(\.count) == [98])
        receive(Self.reply(1, to: second[0], Self.announceBody([])), at: 60.9)
        _ = machine.takeActions()
        _ = machine.announce(request(), urlData: [], now: at(61))
        #expect(takeDatagrams().map(\.count) == [16])
    }

    @Test mutating func `what is known of a tracker may be dropped when its connection has lapsed`()
        throws
    {
        let isSpentAtFirst = machine.isSpent(now: at(0))
        #expect(isSpentAtFirst)
        _ = machine.scrape([], now: at(0))
        try connect(at: 0)
        let sent = takeDatagrams()
        #expect(!machine.isSpent(now: at(0)))
        receive(Self.reply(2, to: sent[0], []), at: 1)
        #expect(machine.isIdle)
        #expect(!machine.isSpent(now: at(59)))
        #expect(machine.isSpent(now: at(60)))
    }

    @Test mutating func `a tracker that forgot the connection is connected to again, once`() throws
    {
        _ = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 0)
        receive(Self.reply(1, to: takeDatagrams()[0], Self.announceBody([])), at: 0)
        _ = machine.takeActions()
        let id = machine.announce(request(), urlData: [], now: at(30))
        receive(Self.reply(3, to: takeDatagrams()[0], Array("bad connection".utf8)), at: 30)
        try connect(at: 30)
        let again = takeDatagrams()
        #expect(again.map(\.count) == [98])
        receive(Self.reply(3, to: again[0], Array("go away".utf8)), at: 30)
        #expect(
            machine.takeActions() == [
                .failed(id, .refused(reason: "go away", retry: .unspecified))
            ])
    }

    // MARK: - Loss

    @Test mutating func `a lost connect is repeated early and then on BEP 15's schedule`() {
        let id = machine.announce(request(), urlData: [], now: at(0))
        let first = takeDatagrams()
        for time in [4.0, 15] {
            #expect(machine.nextDeadline == at(time))
            machine.timerFired(now: at(time))
            #expect(takeDatagrams() == first)
        }
        #expect(machine.nextDeadline == at(45))
        machine.timerFired(now: at(45))
        #expect(machine.takeActions() == [.failed(id, .timedOut)])
        #expect(machine.nextDeadline == nil)
    }

    @Test mutating func `a lost announce is repeated with the same transaction`() throws {
        let id = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 1)
        let first = takeDatagrams()
        machine.timerFired(now: at(5))
        #expect(takeDatagrams() == first)
        // The answer to either copy counts.
        receive(Self.reply(1, to: first[0], Self.announceBody([])), at: 6)
        guard case .announced(id, _)? = machine.takeActions().first else {
            Issue.record("no answer")
            return
        }
    }

    @Test mutating func `a repetition after the connection's end gets a new connection first`()
        throws
    {
        _ = machine.announce(request(), urlData: [], now: at(0))
        try connect(at: 0)
        receive(Self.reply(1, to: takeDatagrams()[0], Self.announceBody([])), at: 0)
        _ = machine.takeActions()
        _ = machine.announce(request(), urlData: [], now: at(58))
        let first = takeDatagrams()[0]
        machine.timerFired(now: at(62))
        let connect = takeDatagrams()
        #expect(connect.map(\.count) == [16])
        receive(Self.reply(0, to: connect[0], [8, 7, 6, 5, 4, 3, 2, 1]), at: 63)
        #expect(takeDatagrams() == [[8, 7, 6, 5, 4, 3, 2, 1] + first[8...]])
    }

    @Test mutating func `stopped is repeated quickly and given up within three seconds`() throws {
        let id = machine.announce(request(.stopped), urlData: [], now: at(0))
        var copies = takeDatagrams().count
        while let deadline = machine.nextDeadline {
            machine.timerFired(now: deadline)
            let actions = machine.takeActions()
            copies += Self.datagrams(actions).count
            if actions.contains(.failed(id, .timedOut)) {
                #expect(deadline <= at(3))
            }
        }
        #expect(copies == 3)
        #expect(machine.isIdle)
    }

    @Test mutating func `a cancelled request is neither sent nor told of`() {
        let id = machine.announce(request(), urlData: [], now: at(0))
        let connect = takeDatagrams()[0]
        machine.cancel(id)
        #expect(machine.nextDeadline == nil)
        receive(Self.reply(0, to: connect, Self.connection), at: 1)
        #expect(machine.takeActions().isEmpty)
    }

    // MARK: - Hostile input

    @Test mutating func `replies from elsewhere or with a wrong transaction are ignored`() throws {
        _ = machine.announce(request(), urlData: [], now: at(0))
        let connect = takeDatagrams()[0]
        receive(
            Self.reply(0, to: connect, Self.connection), from: endpoint("192.0.2.1:6970"), at: 1)
        var other = connect
        other[15] ^= 1
        receive(Self.reply(0, to: other, Self.connection), at: 1)
        receive(Self.reply(1, to: connect, Self.announceBody([])), at: 1)
        #expect(machine.takeActions().isEmpty)
        receive(Self.reply(0, to: connect, Self.connection), at: 1)
        #expect(takeDatagrams().map(\.count) == [98])
    }

    @Test mutating func `no truncated reply crashes, and a short announce is malformed`() throws {
        let body = Self.announceBody([1, 2, 3, 4, 0, 80])
        for length in 0..<(8 + body.count) {
            machine = UDPTrackerStateMachine(endpoint: Self.v4, seed: 1)
            let id = machine.announce(request(), urlData: [], now: at(0))
            try connect(at: 1)
            let whole = Self.reply(1, to: takeDatagrams()[0], body)
            receive(Array(whole[..<length]), at: 2)
            let actions = machine.takeActions()
            switch length {
            case 0..<8: #expect(actions.isEmpty)
            case 8..<20:
                #expect(
                    actions == [.failed(id, .malformed("an announce reply of \(length) bytes"))])
            default: #expect(machine.isIdle)
            }
        }
    }

    @Test mutating func `no truncated connect or scrape reply crashes`() throws {
        for length in 0..<16 {
            machine = UDPTrackerStateMachine(endpoint: Self.v4, seed: 1)
            _ = machine.scrape([digest(1)], now: at(0))
            let whole = Self.reply(0, to: takeDatagrams()[0], Self.connection)
            receive(Array(whole[..<length]), at: 1)
            #expect(takeDatagrams().isEmpty)
        }
        for length in 8..<20 {
            machine = UDPTrackerStateMachine(endpoint: Self.v4, seed: 1)
            let id = machine.scrape([digest(1)], now: at(0))
            try connect(at: 1)
            let whole = Self.reply(2, to: takeDatagrams()[0], [UInt8](repeating: 0, count: 12))
            receive(Array(whole[..<length]), at: 2)
            #expect(
                machine.takeActions() == [
                    .failed(id, .malformed("a scrape reply of \(length) bytes"))
                ])
        }
    }

    @Test mutating func `random datagrams never crash`() {
        var random = SeededRandom(seed: 3)
        var sent: [UInt8] = []
        for step in 0..<4000 {
            let now = Double(step)
            if machine.isIdle {
                _ = machine.announce(request(), urlData: [], now: at(now))
                _ = machine.scrape([digest(1)], now: at(now))
            }
            sent = takeDatagrams().last ?? sent
            let body = [UInt8](repeating: 0xA5, count: Int.random(in: 0..<64, using: &random))
            let action = UInt32.random(in: 0...4, using: &random)
            let whole = Self.reply(action, to: sent, body)
            receive(step % 2 == 0 ? whole : mutate(whole, &random), at: now)
            machine.timerFired(now: at(now))
        }
    }

    @Test mutating func `more requests than the limit fail at once`() {
        for _ in 0..<UDPTrackerStateMachine.requestLimit {
            _ = machine.scrape([digest(1)], now: at(0))
        }
        let id = machine.scrape([digest(1)], now: at(0))
        #expect(machine.takeActions().last == .failed(id, .busy))
    }
}
