import PeerProtocol
import Testing
import TorrentCore

/// A machine under test; a class, for `#expect` takes no mutating calls.
private final class Discovery {
    private var machine: LocalDiscovery

    init(seed: UInt64 = 1) { machine = LocalDiscovery(port: 6881, seed: seed, now: .zero) }

    func announced(_ hashes: Set<SHA1Digest>, at seconds: Double) -> LocalAnnouncement? {
        machine.nextAnnouncement(of: hashes, now: .zero + .seconds(seconds))
    }

    func received(
        _ announcement: LocalAnnouncement, from sender: String = "10.0.0.7", at seconds: Double = 0
    ) throws -> Endpoint? {
        machine.received(
            announcement.encoded(for: LocalAnnouncement.groupV4),
            from: try #require(IPAddress(sender)), now: .zero + .seconds(seconds))?.peer
    }
}

@Suite("Local service discovery (BEP 14)")
struct LocalDiscoveryTests {
    private let first = Connection.digest(1)
    private let second = Connection.digest(2)

    @Test func `a torrent is announced at once, after a minute, then each five minutes`() {
        let discovery = Discovery()
        var times: [Double] = []
        for seconds in stride(from: 0.0, to: 1000, by: 0.5)
        where discovery.announced([first], at: seconds) != nil {
            times.append(seconds)
        }
        #expect(times == [0, 60, 360, 660, 960])
    }

    @Test func `announcements are a minute apart, and the later torrent waits`() {
        let discovery = Discovery()
        #expect(discovery.announced([first], at: 0)?.infoHashes == [first])
        #expect(discovery.announced([first, second], at: 10) == nil)
        #expect(
            discovery.announced([first, second], at: 60)?.infoHashes == [second, first])
    }

    @Test func `a hundred torrents go twenty at a time, and each has its turn`() {
        let hashes = Set((0..<100).map { Connection.digest(UInt8($0)) })
        let discovery = Discovery()
        var seen: Set<SHA1Digest> = []
        for minute in 0..<5 {
            let announcement = discovery.announced(hashes, at: Double(minute) * 60)
            #expect(announcement?.infoHashes.count == 20)
            seen.formUnion(announcement?.infoHashes ?? [])
        }
        #expect(seen == hashes)
    }

    @Test func `what is taken away is not announced`() {
        let discovery = Discovery()
        #expect(discovery.announced([], at: 0) == nil)
        _ = discovery.announced([first, second], at: 1)
        #expect(discovery.announced([second], at: 61)?.infoHashes == [second])
    }

    @Test func `somebody else's announcement names a peer, our own does not`() throws {
        let discovery = Discovery()
        let other = try #require(Discovery(seed: 2).announced([first], at: 0))
        #expect(try discovery.received(other) == Endpoint("10.0.0.7:6881"))
        let own = try #require(discovery.announced([first], at: 0))
        #expect(try discovery.received(own) == nil)
    }

    @Test func `an address that cannot be dialled is passed over`() throws {
        let other = try #require(Discovery(seed: 2).announced([first], at: 0))
        #expect(try Discovery().received(other, from: "fe80::1") == nil)
        #expect(try Discovery().received(other, from: "0.0.0.0") == nil)
    }

    @Test func `a flood is read at a bounded rate`() throws {
        let discovery = Discovery()
        let other = try #require(Discovery(seed: 2).announced([first], at: 0))
        var count = 0
        for _ in 0..<1000 where try discovery.received(other) != nil { count += 1 }
        #expect(count == 200)
        for _ in 0..<1000 where try discovery.received(other, at: 1) != nil { count += 1 }
        #expect(count == 220)
    }
}
