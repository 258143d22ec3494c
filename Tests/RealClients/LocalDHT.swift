import Foundation

/// A DHT on the loopback device: nodes of ours and of libtorrent's, each at an address of its own.
package struct LocalDHT: Sendable {
    /// Our nodes, `address:port`.
    package let ours: [String]
    /// libtorrent's.
    package let theirs: [String]
    private let processes: [ChildProcess]

    private struct Listening: Decodable { let addresses: [String] }
    private struct Nodes: Decodable {
        let least: Int
        let most: Int
    }

    /// The program that runs our nodes, built together with the running tests.
    private static var testPeer: String {
        (Swarmfs.executable as NSString).deletingLastPathComponent + "/swarmfs-test-peer"
    }

    /// Starts so many nodes of both. The first libtorrent session has a torrent's data in `seed`, or
    /// looks for a magnet link's in `leech`; it is told of no peer and no tracker.
    package init(
        ours count: Int, theirs otherCount: Int,
        seed: (torrent: String, folder: String)? = nil,
        leech: (magnet: String, folder: String)? = nil
    ) throws {
        // Networks of their own, so that suites running beside each other stay apart.
        let network = UInt8.random(in: 2...120)
        let own = try ChildProcess([
            Self.testPeer, "dht", "--nodes", String(count), "--network", "127.\(network).1",
        ])
        ours = try own.waitForEvent("listening", as: Listening.self).addresses
        var command = PythonScript.libtorrentDHT.command
        command += ["--nodes", String(otherCount), "--network", "127.\(network).2"]
        for entrance in ours.prefix(3) { command += ["--bootstrap", entrance] }
        if let seed { command += ["--seed", seed.torrent, seed.folder] }
        if let leech { command += ["--leech", leech.magnet, leech.folder] }
        let other = try ChildProcess(command)
        theirs = try other.waitForEvent("listening", as: Listening.self).addresses
        processes = [own, other]
    }

    /// A few nodes of ours in a network of their own, at 10.77.1.1 and so on; the port is that of
    /// the node by which libtorrent's users enter the DHT.
    package init(ours count: Int, in network: NetworkNamespace) throws {
        let command = [
            Self.testPeer, "dht", "--nodes", String(count), "--network", "10.77.1", "--port",
            String(Self.publicEntrance.port),
        ]
        let own = try ChildProcess(network.command(command))
        ours = try own.waitForEvent("listening", as: Listening.self).addresses
        theirs = []
        processes = [own]
    }

    /// The node by which qBittorrent enters the DHT; it cannot be told of another.
    package static let publicEntrance = PeerAddress(host: "dht.libtorrent.org", port: 25_401)

    /// Waits until each libtorrent node knows others.
    package func waitUntilJoined() throws {
        try processes[1].waitForEvent("nodes", as: Nodes.self) { $0.least >= 2 }
    }

    /// Waits until libtorrent has everything.
    package func waitUntilComplete() throws {
        struct Complete: Decodable {}
        try processes[1].waitForEvent("complete", as: Complete.self)
    }

    /// Ends all nodes.
    package func end() {
        for process in processes { process.terminate() }
    }
}
