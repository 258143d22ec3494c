import Metainfo
import PeerProtocol
import Reactor
import Testing
import TorrentCore

@testable import TorrentEngine

/// BEP 27 lets the trackers alone name peers, but a magnet link does not say that its torrent is
/// private. A user who names one with `--peer` knows what they do, as in libtorrent; everything
/// else that named a peer before the metadata came counts no longer.
@Suite("Magnets of private torrents (BEP 27)", .serialized, .timeLimit(.minutes(10)))
struct PrivateTorrentTests {
    /// Who names the seed to the reader.
    enum Namer: CaseIterable, Sendable {
        case magnet, peer, dht, localNetwork
    }

    /// The number by which the scripted peers are sent metadata messages.
    private static let metadataID = ExtensionID.metadata

    private static func world() throws -> (swarmlet: Swarmlet, seed: ScriptedSeed, info: [UInt8]) {
        let swarmlet = try Swarmlet(sizes: ["big": 100_000], isPrivate: true)
        return (swarmlet, ScriptedSeed(swarmlet), swarmlet.metainfo.info.bytes)
    }

    /// A seed that gives the metadata away, which none of ours would do, and then serves.
    /// It does not offer the metadata before `mayOffer` has returned true.
    private static func serve(
        _ wire: Wire, _ seed: ScriptedSeed, info: [UInt8], when mayOffer: () -> Bool = { true }
    ) throws {
        try wire.readHandshake()
        try wire.sendHandshake(seed.hash, reserved: [.fast, .extensionProtocol])
        try wire.send(.haveAll)
        guard mayOffer() else { return }
        var offer = ExtensionHandshake()
        offer.metadataID = metadataID
        offer.metadataSize = info.count
        try wire.send(.extended(0, offer.encoded()))
        try wire.send(.unchoke)
        while true {
            switch try wire.next() {
            case .request(let request): try seed.answer(wire, request)
            case .extended(metadataID, let payload):
                guard case .request(0) = try MetadataMessage.parse(payload) else { continue }
                let answer = MetadataMessage.data(piece: 0, totalSize: info.count, bytes: info)
                try wire.send(.extended(ExtensionID.metadata, answer.encoded()))
            default: continue
            }
        }
    }

    /// A peer that has nothing, and tells of the peer at `port`.
    private static func teller(_ seed: ScriptedSeed, naming port: UInt16) throws -> ScriptedPeer {
        try ScriptedPeer { wire, _ in
            try wire.readHandshake()
            try wire.sendHandshake(
                seed.hash, id: "-XX0001-teller000000", reserved: [.fast, .extensionProtocol])
            try wire.send(.haveNone)
            let contact = Endpoint(address: .loopbackV4, port: port)
            let message = PeerExchangeMessage(added: [PeerExchangeContact(contact)])
            try wire.send(.extended(ExtensionID.peerExchange, message.encoded()))
            wire.drain()
        }
    }

    /// Announces the peer at `port` to the local network again and again.
    private static func announce(
        _ port: UInt16, _ hash: SHA1Digest
    ) throws -> Task<Void, any Error> {
        let loopback = try #require(NetworkInterface.all.first { $0.name == "lo" })
        return Task {
            let announcement = LocalAnnouncement(port: port, infoHashes: [hash], cookie: nil)
            let socket = try MulticastSocket(group: LocalAnnouncement.groupV4)
            let datagram = announcement.encoded(for: LocalAnnouncement.groupV4)
            while !Task.isCancelled {
                socket.send(datagram, by: loopback, from: .loopbackV4)
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    @Test(arguments: Namer.allCases)
    func `a peer that neither a tracker nor the user named is dropped with the metadata`(
        namer: Namer
    ) async throws {
        let (swarmlet, seed, info) = try Self.world()
        let peer = try ScriptedPeer { wire, number in
            #expect(number == 0, "it is dialled again")
            try Self.serve(wire, seed, info: info)
        }
        let teller = try Self.teller(seed, naming: peer.port)
        let node = try DHTTestNode(naming: peer.port)
        let reader = try await swarmlet.session {
            switch namer {
            case .magnet: break
            case .peer: $0.peers = ["127.0.0.1:\(teller.port)"]
            case .dht: $0.dht = DHTOptions(bootstrap: ["127.0.0.1:\(node.port)"])
            case .localNetwork: $0.localDiscovery = .interfaces(["lo"])
            }
        }
        let announcing =
            namer == .localNetwork
            ? try Self.announce(peer.port, seed.hash) : nil
        let magnet = MagnetLink(
            identity: swarmlet.metainfo.info.identity,
            peers: namer == .magnet ? ["127.0.0.1:\(peer.port)"] : [])
        let torrent = try await reader.add(.magnet(magnet)) { _ in }
        #expect(try await peer.haveEnded(1))
        // Whoever named it goes on doing so, and is not heard.
        await #expect(throws: SystemError.self) {
            try await swarmlet.read(torrent, "big", patience: .seconds(2))
        }
        announcing?.cancel()
        await swarmlet.end()
        withExtendedLifetime((node, teller)) {}
    }

    /// A peer that has nothing, and counts itself in while it is connected.
    private static func stranger(
        _ seed: ScriptedSeed, _ id: String, present: Condition<Int>
    ) throws -> ScriptedPeer {
        try ScriptedPeer { wire, number in
            #expect(number == 0, "it is dialled again")
            try wire.readHandshake()
            try wire.sendHandshake(seed.hash, id: id)
            try wire.send(.haveNone)
            present.update { $0 += 1 }
            wire.drain()
        }
    }

    /// The metadata comes when all are connected that the magnet, the DHT and the local network named.
    @Test func `the trackers' peer stays, all others go, and the DHT is told nothing`()
        async throws
    {
        let (swarmlet, seed, info) = try Self.world()
        let present = Condition(0)
        let strangers = try ["magnet", "dhtdht", "locals"].map {
            try Self.stranger(seed, "-XX0001-\($0)000000", present: present)
        }
        let good = try ScriptedPeer { wire, number in
            #expect(number == 0, "it was dropped")
            try Self.serve(wire, seed, info: info) {
                present.wait(until: .later) { $0 == strangers.count ? true : nil } ?? false
            }
        }
        let address: [UInt8] = [127, 0, 0, 1, UInt8(good.port >> 8), UInt8(good.port & 255)]
        let tracker = try HTTPTestServer {
            $0.answer(Array("d8:intervali1800e5:peers6:".utf8) + address + [UInt8(ascii: "e")])
        }
        let node = try DHTTestNode(naming: strangers[1].port)
        let reader = try await swarmlet.session {
            $0.trackers = [tracker.url("/announce")]
            $0.dht = DHTOptions(bootstrap: ["127.0.0.1:\(node.port)"])
            $0.localDiscovery = .interfaces(["lo"])
        }
        let announcing = try Self.announce(strangers[2].port, seed.hash)
        let magnet = MagnetLink(
            identity: swarmlet.metainfo.info.identity,
            peers: ["127.0.0.1:\(strangers[0].port)"])
        let torrent = try await reader.add(.magnet(magnet)) { _ in }
        for stranger in strangers { #expect(try await stranger.haveEnded(1)) }
        try await swarmlet.expectWhole(torrent)
        announcing.cancel()
        await swarmlet.end()
        #expect(node.announceCount == 0)
    }

    @Test func `a peer that the user named as well stays, and is read from`() async throws {
        let (swarmlet, seed, info) = try Self.world()
        let peer = try ScriptedPeer { wire, number in
            #expect(number == 0, "it was dropped")
            try Self.serve(wire, seed, info: info)
        }
        let reader = try await swarmlet.session(peers: [peer.port])
        let magnet = MagnetLink(
            identity: swarmlet.metainfo.info.identity, peers: ["127.0.0.1:\(peer.port)"])
        let torrent = try await reader.add(.magnet(magnet)) { _ in }
        try await swarmlet.expectWhole(torrent)
        await swarmlet.end()
    }
}
