import DHTProtocol
import SwarmSimulation
import Testing
import TorrentCore
import TorrentCrypto

@Suite("A simulated DHT of 500 nodes, 100 of them hostile")
struct DHTTests {
    private static let honest = 400

    private static func simulation(seed: UInt64) -> DHTSimulation {
        let kinds = DHTHostility.allCases
        return DHTSimulation(
            honest: honest, hostile: (0..<100).map { kinds[$0 % kinds.count] },
            hashing: OpenSSLHashing(), verifier: Ed25519(), seed: seed)
    }

    private static func torrent(_ number: UInt8) -> SHA1Digest {
        OpenSSLHashing().sha1([number, 0xD4].span)
    }

    @Test("who looks for a torrent finds its peers, and soon, also where somebody hides them")
    func lookups() throws {
        let simulation = Self.simulation(seed: 11)
        simulation.run(for: .seconds(30))
        // The one that eclipsing nodes have settled around, and some others.
        let torrents = [simulation.eclipsed] + (0..<9).map { Self.torrent(UInt8($0)) }
        for (index, torrent) in torrents.enumerated() {
            simulation.command(20 + index) {
                $0.search(torrent, announce: DHTAnnounce(port: 7000, isSeed: true), now: $1)
            }
        }
        simulation.run(for: .seconds(10))
        let asked = simulation.now
        for (index, torrent) in torrents.enumerated() {
            simulation.command(200 + index) { $0.search(torrent, announce: nil, now: $1) }
        }
        simulation.run(for: .seconds(10))
        var delays: [Double] = []
        for (index, torrent) in torrents.enumerated() {
            let peer = Endpoint(
                address: simulation.endpoint(of: 20 + index).address, port: 7000)
            let finding = simulation.findings.first {
                $0.node == 200 + index && $0.torrent == torrent && $0.peers.contains(peer)
            }
            #expect(finding != nil, "torrent \(index)")
            if let finding { delays.append((finding.time - asked).seconds) }
        }
        // Of round trips of a sixth of a second; without hostile nodes as many take as long.
        let median = try #require(delays.sorted().dropFirst(delays.count / 2).first)
        #expect(median < 1.5)
        // Nodes that do not exist were invented at a thousand addresses: each is hardly written to.
        let existing = Set((0..<500).map { simulation.endpoint(of: $0) })
        let strangers = simulation.sentTo.filter { !existing.contains($0.key) }
        #expect((strangers.values.max() ?? 0) <= 4)
    }
}
