import Testing
import TorrentCore
import UTPProtocol

@Suite("Connections (BEP 29)")
struct UTPConnectionTests {
    private let a = Host("10.0.0.1:1000", seed: 1)
    private let b = Host("10.0.0.2:2000", seed: 2)

    /// A connection of `a` to `b` that has carried a byte each way.
    private func open() throws -> (UTPConnection, UTPConnection) {
        let ours = try #require(a.table.connect(to: b.endpoint, now: a.now))
        Host.exchange(a, b)
        #expect(!ours.isConnecting)
        #expect(ours.write([1]) == 1)
        a.table.schedule(ours)
        Host.exchange(a, b)
        let theirs = try #require(b.accepted.last)
        #expect(theirs.readAll() == [1])
        #expect(theirs.write([2]) == 1)
        b.table.schedule(theirs)
        Host.exchange(a, b)
        #expect(ours.readAll() == [2])
        return (ours, theirs)
    }

    @Test func `a SYN carries the id that answers carry, and later packets one more`() throws {
        let ours = try #require(a.table.connect(to: b.endpoint, now: a.now))
        let syn = try #require(a.transmit().first.flatMap(Host.parse))
        #expect(syn.kind == .syn)
        #expect(syn.connectionID == ours.receiveID)
        b.receive(syn, from: a.endpoint)
        let answer = try #require(b.transmit().first.flatMap(Host.parse))
        #expect(answer.kind == .state)
        #expect(answer.connectionID == ours.receiveID)
        #expect(answer.acknowledgement == syn.sequence)
        a.receive(answer, from: b.endpoint)
        _ = ours.write([7])
        a.table.schedule(ours)
        let data = try #require(a.transmit().first.flatMap(Host.parse))
        #expect(data.kind == .data)
        #expect(data.connectionID == ours.receiveID &+ 1)
        #expect(data.sequence == syn.sequence + 1)
        // A STATE does not count: the answer's number is that of the next packet.
        #expect(data.acknowledgement == answer.sequence - 1)
    }

    @Test func `both ends close, and nothing is left`() throws {
        let (ours, theirs) = try open()
        _ = ours.write(Array(repeating: 3, count: 5000))
        ours.close(now: a.now)
        a.table.schedule(ours)
        Host.exchange(a, b)
        #expect(theirs.readAll().count == 5000)
        #expect(theirs.isAtEnd)
        theirs.close(now: b.now)
        b.table.schedule(theirs)
        Host.exchange(a, b)
        #expect(ours.isFinished && ours.failure == nil)
        #expect(theirs.isFinished && theirs.failure == nil)
        #expect(a.table.count == 0 && b.table.count == 0)
    }

    @Test func `a request that nobody answers is sent three times and given up`() throws {
        let ours = try #require(a.table.connect(to: b.endpoint, now: a.now))
        var times = a.transmit().count
        times += a.wait(.seconds(6.9)).count
        #expect(times == 3)
        #expect(!ours.isFinished)
        #expect(a.wait(.seconds(0.2)).isEmpty)
        #expect(ours.failure == .noAnswer)
        #expect(a.table.count == 0)
    }

    @Test func `a peer that vanishes is given up after half a minute, not before`() throws {
        let (ours, _) = try open()
        _ = ours.write([1, 2, 3])
        a.table.schedule(ours)
        _ = a.transmit()
        let copies = a.wait(.seconds(25)).count
        #expect(ours.failure == nil)
        #expect((3...6).contains(copies))
        _ = a.wait(.seconds(60))
        #expect(ours.failure == .timedOut)
        #expect(a.table.count == 0)
    }

    @Test func `an idle connection costs a packet in 29 seconds`() throws {
        let (ours, _) = try open()
        let packets = a.wait(.seconds(300))
        #expect((9...11).contains(packets.count))
        #expect(packets.allSatisfy { $0.count == 20 })
        #expect(!ours.isFinished)
    }

    @Test func `a single packet is acknowledged late, two at once`() throws {
        let (ours, theirs) = try open()
        // The first packets of a connection are acknowledged one by one.
        for _ in 0..<40 {
            _ = ours.write([1])
            a.table.schedule(ours)
            for bytes in a.transmit() { b.receive(bytes, from: a.endpoint) }
            b.now = b.now + .milliseconds(60)
            b.table.timersFired(now: b.now) { _ in }
            for bytes in b.transmit() { a.receive(bytes, from: b.endpoint) }
        }
        _ = ours.write([1])
        a.table.schedule(ours)
        for bytes in a.transmit() { b.receive(bytes, from: a.endpoint) }
        #expect(b.transmit().isEmpty)
        theirs.acknowledgeNow()
        b.table.schedule(theirs)
        #expect(b.transmit().count == 1)
        for _ in 0..<2 {
            _ = ours.write([1])
            a.table.schedule(ours)
            for bytes in a.transmit() { b.receive(bytes, from: a.endpoint) }
        }
        #expect(b.transmit().count == 1)
    }

    @Test func `what the kernel takes later is sent later, once and in order`() throws {
        let (ours, theirs) = try open()
        let stream = (0..<6000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        _ = ours.write(stream)
        a.table.schedule(ours)
        a.table.transmit(now: a.now) { _, _, _ in false }
        #expect(a.table.hasScheduled)
        Host.exchange(a, b)
        #expect(theirs.readAll() == stream)
    }

    @Test func `an aborted connection tells the peer`() throws {
        let (ours, theirs) = try open()
        ours.abort()
        a.table.schedule(ours)
        Host.exchange(a, b)
        #expect(ours.isFinished)
        #expect(theirs.failure == .reset)
        #expect(a.table.count == 0 && b.table.count == 0)
    }
}
